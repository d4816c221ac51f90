import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from "@aws-sdk/client-sqs";
import { UnavailableError } from "../flow/errors.ts";
import type { Queue } from "../flow/ports.ts";
import { backoff, pause } from "../retry.ts";
import { callService } from "./errors.ts";
import { createdKeys } from "./s3-notification.ts";

export const sqsClient = (): SQSClient => new SQSClient({ maxAttempts: 5 });

/** The visibility timeout of a message. It is extended while the message's handler runs. */
const VISIBILITY_S = 60;
/**
 * The duration of a long poll. The end of the consumer does not abort it, because a message that an aborted call received
 * would stay hidden until its visibility timeout.
 */
const WAIT_S = 2;

/**
 * The `Queue` port on SQS. The queue's redrive policy sets the number of attempts and the dead-letter queue. A message whose
 * handler throws is redelivered after a back-off.
 */
export function sqsQueue(client: SQSClient, { url }: { url: string }): Queue {
  return {
    async send(message) {
      await callService("SQS", () => client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: message })));
    },
    async consume(handle, { signal, concurrency = 1 }) {
      const worker = async (): Promise<void> => {
        for (let failures = 0; !signal.aborted;) {
          try {
            const [message] = await receive(client, url);
            if (message !== undefined && signal.aborted) await release(client, url, message);
            else if (message !== undefined) await handleMessage({ client, url, handle }, message);
            failures = 0;
          } catch (error) {
            if (!(error instanceof UnavailableError)) throw error;
            await pause(backoff(failures++), signal);
          }
        }
      };
      await Promise.all(Array.from({ length: concurrency }, worker));
    },
    depth: () =>
      callService("SQS", async () => {
        const dead = await deadLetterUrl(client, url);
        return { waiting: await countOf(client, url), dead: dead === null ? 0 : await countOf(client, dead) };
      }),
    redrive: () => callService("SQS", () => redrive(client, url)),
  };
}

async function receive(client: SQSClient, url: string): Promise<readonly Message[]> {
  const { Messages = [] } = await callService("SQS", () =>
    client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        WaitTimeSeconds: WAIT_S,
        VisibilityTimeout: VISIBILITY_S,
        MaxNumberOfMessages: 1,
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      }),
    ),
  );
  return Messages;
}

/** Returns a message to the queue that arrived after the consumer ended. */
const release = async (client: SQSClient, url: string, { ReceiptHandle }: Message): Promise<void> => {
  const command = new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 });
  await callService("SQS", () => client.send(command));
};

interface Handling {
  client: SQSClient;
  url: string;
  handle: (message: string) => Promise<unknown>;
}

/** Handles one message. It is deleted when its handler returns, and redelivered after a back-off when its handler throws. */
async function handleMessage({ client, url, handle }: Handling, message: Message): Promise<void> {
  const { ReceiptHandle, Body = "", Attributes } = message;
  const hideFor = (seconds: number) =>
    client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: seconds }));
  const extending = setInterval(() => void hideFor(VISIBILITY_S).catch(() => {}), (VISIBILITY_S * 1000) / 2);
  try {
    for (const key of createdKeys(Body)) await handle(key);
  } catch {
    // the handler reports its error. If this call fails, the message is redelivered after its visibility timeout
    const failures = Number(Attributes?.ApproximateReceiveCount ?? 1);
    await hideFor(Math.ceil(backoff(failures) / 1000)).catch(() => {});
    return;
  } finally {
    clearInterval(extending);
  }
  await callService("SQS", () => client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle })));
}

async function countOf(client: SQSClient, url: string): Promise<number> {
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }),
  );
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

async function deadLetterUrl(client: SQSClient, url: string): Promise<string | null> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["RedrivePolicy"] }),
  );
  if (Attributes?.RedrivePolicy === undefined) return null;
  const { deadLetterTargetArn = "" } = JSON.parse(Attributes.RedrivePolicy) as { deadLetterTargetArn?: string };
  const QueueName = deadLetterTargetArn.split(":").at(-1);
  return (await client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? null;
}

/** Moves dead letters back to the queue. Each is sent before it is deleted: a repeat is harmless, a loss is not. */
async function redrive(client: SQSClient, url: string): Promise<number> {
  const dead = await deadLetterUrl(client, url);
  if (dead === null) return 0;
  for (let moved = 0; ; moved++) {
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: dead, WaitTimeSeconds: 1 }));
    const [message] = Messages;
    if (message === undefined) return moved;
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: message.Body ?? "" }));
    await client.send(new DeleteMessageCommand({ QueueUrl: dead, ReceiptHandle: message.ReceiptHandle }));
  }
}
