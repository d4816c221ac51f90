/** The part of an S3 event notification that names the created objects. */
interface Notification {
  /** Missing in the `s3:TestEvent` that S3 sends for a new notification. */
  Records?: readonly { eventName?: string; s3?: { object?: { key?: string } } }[];
}

/**
 * The keys of created objects in a message: an S3 notification, or a plain key, as `send` writes it. S3 escapes keys like
 * form data (S3 user guide, "Event message structure").
 */
export function createdKeys(message: string): string[] {
  if (!message.startsWith("{")) return [message];
  const { Records = [] } = JSON.parse(message) as Notification;
  return Records.flatMap(({ eventName = "", s3 }) => {
    const key = s3?.object?.key;
    const isCreated = /^(s3:)?ObjectCreated:/.test(eventName);
    return key === undefined || !isCreated ? [] : [decodeURIComponent(key.replaceAll("+", " "))];
  });
}
