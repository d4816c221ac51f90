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
import type { Queue } from "../flow/ports.ts";
import { backoff, pause } from "../retry.ts";
import { UnavailableError } from "../flow/errors.ts";
import { available } from "./errors.ts";
import { createdKeys } from "./s3-notification.ts";

export const sqsClient = (): SQSClient => new SQSClient({ maxAttempts: 5 });

/** A message is hidden from others for this long, and again while its handler runs. */
const HIDDEN_S = 60;
/** Not cut short when the consumer ends: what a broken-off call had taken would lie hidden until its time is over. */
const WAIT_S = 2;

/**
 * The `Queue` port on SQS. How many attempts a message has, and where it lies when they are over, is the queue's redrive
 * policy; a message whose handler threw comes again after a back-off.
 */
export function sqsQueue(client: SQSClient, { url }: { url: string }): Queue {
  return {
    async send(message) {
      await available("SQS", () => client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: message })));
    },
    async consume(handle, { signal, concurrency = 1 }) {
      const worker = async (): Promise<void> => {
        for (let failures = 0; !signal.aborted;) {
          try {
            const [message] = await receive(client, url);
            if (message !== undefined && signal.aborted) await release(client, url, message);
            else if (message !== undefined) await handleOne({ client, url, handle }, message);
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
      available("SQS", async () => {
        const dead = await deadLetterUrl(client, url);
        return { waiting: await countOf(client, url), dead: dead === null ? 0 : await countOf(client, dead) };
      }),
    redrive: () => available("SQS", () => redrive(client, url)),
  };
}

async function receive(client: SQSClient, url: string): Promise<readonly Message[]> {
  const { Messages = [] } = await available("SQS", () =>
    client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        WaitTimeSeconds: WAIT_S,
        VisibilityTimeout: HIDDEN_S,
        MaxNumberOfMessages: 1,
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      }),
    ),
  );
  return Messages;
}

/** Gives back what came after the end. */
const release = async (client: SQSClient, url: string, { ReceiptHandle }: Message): Promise<void> => {
  const given = new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 });
  await available("SQS", () => client.send(given));
};

interface Handling {
  client: SQSClient;
  url: string;
  handle: (message: string) => Promise<unknown>;
}

/** One message to its end: gone when its handler returned, shown again after a back-off when it threw. */
async function handleOne({ client, url, handle }: Handling, message: Message): Promise<void> {
  const { ReceiptHandle, Body = "", Attributes } = message;
  const show = (seconds: number) =>
    client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: seconds }));
  const hiding = setInterval(() => void show(HIDDEN_S).catch(() => {}), (HIDDEN_S * 1000) / 2);
  try {
    for (const key of createdKeys(Body)) await handle(key);
  } catch {
    // the handler's own report says why; what fails here comes again when its time is over
    const failures = Number(Attributes?.ApproximateReceiveCount ?? 1);
    await show(Math.ceil(backoff(failures) / 1000)).catch(() => {});
    return;
  } finally {
    clearInterval(hiding);
  }
  await available("SQS", () => client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle })));
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

/** Each dead message is sent again before it is deleted: one that is sent twice is a repeat, one that is lost is lost. */
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
