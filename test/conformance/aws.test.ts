import path from "node:path";
import { CreateBucketCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll } from "vitest";
import { dynamoClient } from "../../src/aws/dynamo/client.ts";
import { dynamoDatabase } from "../../src/aws/dynamo/database.ts";
import { s3Client, s3Store } from "../../src/aws/s3-store.ts";
import { sqsClient, sqsQueue } from "../../src/aws/sqs-queue.ts";
import { startMiniStack, type MiniStack } from "../harness/aws/ministack.ts";
import { onMiniStack } from "../harness/aws/on-ministack.ts";
import { createTables } from "../harness/aws/tables.ts";
import { databaseLaws } from "./database.ts";
import { objectStoreLaws } from "./object-store.ts";
import { queueLaws } from "./queue.ts";

onMiniStack("on MiniStack", () => {
  let ministack: MiniStack;
  let s3: S3Client;
  let sqs: SQSClient;
  let created = 0;
  beforeAll(async () => {
    ministack = await startMiniStack();
    Object.assign(process.env, ministack.env);
    s3 = s3Client(process.env);
    sqs = sqsClient();
  });
  afterAll(() => ministack.stop());

  objectStoreLaws("S3 (MiniStack)", async () => {
    const bucket = `test-${created++}`;
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const prefix = created % 2 === 0 ? "some/prefix" : "";
    return {
      ...s3Store(s3, { bucket, prefix }),
      async leave(name) {
        // Other programs also leave an object that marks the folder
        for (const key of [name, name.replace(/[^/]*$/, "")])
          await s3.send(new PutObjectCommand({ Bucket: bucket, Key: path.posix.join(prefix, key), Body: "x" }));
      },
    };
  });

  const tables = async () => {
    const client = dynamoClient(ministack.url);
    const prefix = `test${created++}`;
    await createTables(client, prefix);
    return { client, prefix };
  };
  databaseLaws(
    "DynamoDB (MiniStack)",
    async () => {
      const { client, prefix } = await tables();
      return dynamoDatabase(client, { prefix, retention_days: 7 });
    },
    { batch_is_delivery: true, history_of_one: true },
  );

  const ATTEMPTS = 3;
  let received: string[] = [];
  let url = "";
  async function newQueue() {
    const name = `test-${created++}`;
    const dead = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-dead` }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: dead.QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: ATTEMPTS };
    const { QueueUrl = "" } = await sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes: { RedrivePolicy: JSON.stringify(policy) } }),
    );
    url = QueueUrl;
    received = [];
    const client = sqsClient();
    client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const { Messages = [] } = answer.output as { Messages?: { ReceiptHandle?: string }[] };
        received.push(...Messages.map(({ ReceiptHandle = "" }) => ReceiptHandle));
        return answer;
      },
      { step: "initialize" },
    );
    return sqsQueue(client, { url });
  }
  /** Ends the visibility timeout of all messages that were received and not deleted. */
  const endTimeouts = async (): Promise<void> => {
    for (const ReceiptHandle of received)
      await sqs
        .send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }))
        .catch(() => {});
  };
  queueLaws("SQS (MiniStack)", {
    make: newQueue,
    killHolders: endTimeouts,
    attempts: ATTEMPTS,
    skipBackoff: endTimeouts,
  });
});
