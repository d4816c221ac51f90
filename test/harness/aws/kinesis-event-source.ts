import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { KinesisStreamBatchResponse } from "aws-lambda";
import type { Stream, StreamRecord } from "../../../src/flow/ports.ts";

const RECORDS = 100;

export interface EventSource {
  stream: Stream;
  lambda: LambdaClient;
  functionName: string;
}

/**
 * Gives a function all records of a stream as Lambda does, which no emulator gets right: each shard in its order; after a
 * partial failure again from the lowest record that failed, the rest of the shard held back, however often. Ends when all
 * was taken, or after `attempts` failures of a shard; returns how often the function was called.
 */
export async function deliverAll(source: EventSource, { attempts = 20 } = {}): Promise<number> {
  let calls = 0;
  for (const { id } of await source.stream.shards()) {
    let after: string | null = null;
    for (let failures = 0; failures < attempts;) {
      const { records } = await source.stream.read(id, after, RECORDS);
      if (records.length === 0) break;
      calls++;
      const failed = await invoke(source, id, records);
      const taken = failed === null ? records : records.slice(0, failed);
      after = taken.at(-1)?.sequence_number ?? after;
      if (failed !== null) failures++;
    }
  }
  return calls;
}

/** The index of the first record that failed; null when none did. */
async function invoke(source: EventSource, shard: string, records: readonly StreamRecord[]): Promise<number | null> {
  const event = { Records: records.map((record) => eventRecord(source.stream.name, shard, record)) };
  const answer = await source.lambda.send(
    new InvokeCommand({ FunctionName: source.functionName, Payload: Buffer.from(JSON.stringify(event)) }),
  );
  if (answer.FunctionError !== undefined) return 0;
  const { batchItemFailures } = JSON.parse(Buffer.from(answer.Payload ?? "").toString()) as KinesisStreamBatchResponse;
  const at = batchItemFailures.map(({ itemIdentifier }) =>
    records.findIndex(({ sequence_number }) => sequence_number === itemIdentifier),
  );
  return at.length === 0 ? null : Math.max(0, Math.min(...at));
}

const eventRecord = (
  stream: string,
  shard: string,
  { partition_key, sequence_number, data, arrived_at }: StreamRecord,
) => ({
  eventID: `${shard}:${sequence_number}`,
  eventName: "aws:kinesis:record",
  eventSource: "aws:kinesis",
  eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`,
  kinesis: {
    kinesisSchemaVersion: "1.0",
    partitionKey: partition_key,
    sequenceNumber: sequence_number,
    data: Buffer.from(data).toString("base64"),
    approximateArrivalTimestamp: arrived_at + 0.25,
  },
});
