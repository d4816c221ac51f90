/** The part of S3's event notification that names what was created. */
interface Notification {
  Records?: readonly { eventName?: string; s3?: { object?: { key?: string } } }[];
  /** S3 sends `s3:TestEvent` when a notification is set up. */
  Event?: string;
}

/** The keys that a message of the queue names: a key as it stands, or those of a bucket's notification of creations. */
export function arrivedKeys(message: string): string[] {
  if (!message.startsWith("{")) return [message];
  const { Records = [] } = JSON.parse(message) as Notification;
  return Records.flatMap(({ eventName = "", s3 }) => {
    const key = s3?.object?.key;
    const isCreated = /^(s3:)?ObjectCreated:/.test(eventName);
    return key === undefined || !isCreated ? [] : [decodeURIComponent(key.replaceAll("+", " "))];
  });
}
