import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { KinesisStreamBatchResponse } from "aws-lambda";
import type { Stream, StreamRecord } from "../../../src/flow/ports.ts";

const RECORDS_PER_BATCH = 100;

export interface EventSource {
  stream: Stream;
  lambda: LambdaClient;
  functionName: string;
}

/**
 * Delivers all records of a stream to a function as Lambda does, because no emulator does it correctly. Each shard is
 * delivered in its order. After a partial failure the shard is delivered again from its first failed record, and later records
 * wait. Ends when the function processed all records, or after `attempts` failures of a shard. Returns the number of invocations.
 */
export async function deliverAll(source: EventSource, { attempts = 20 } = {}): Promise<number> {
  let calls = 0;
  for (const { id } of await source.stream.shards()) {
    let after: string | null = null;
    for (let failures = 0; failures < attempts;) {
      const { records } = await source.stream.read(id, after, RECORDS_PER_BATCH);
      if (records.length === 0) break;
      calls++;
      const failed = await invoke(source, id, records);
      const processed = failed === null ? records : records.slice(0, failed);
      after = processed.at(-1)?.sequence_number ?? after;
      if (failed !== null) failures++;
    }
  }
  return calls;
}

/** Invokes the function with a batch. Returns the index of the first failed record, or null. */
async function invoke(source: EventSource, shard: string, records: readonly StreamRecord[]): Promise<number | null> {
  const event = { Records: records.map((record) => eventRecord(source.stream.name, shard, record)) };
  const answer = await source.lambda.send(
    new InvokeCommand({ FunctionName: source.functionName, Payload: Buffer.from(JSON.stringify(event)) }),
  );
  if (answer.FunctionError !== undefined) return 0;
  const { batchItemFailures } = JSON.parse(Buffer.from(answer.Payload ?? "").toString()) as KinesisStreamBatchResponse;
  const failed = batchItemFailures.map(({ itemIdentifier }) =>
    records.findIndex(({ sequence_number }) => sequence_number === itemIdentifier),
  );
  return failed.length === 0 ? null : Math.max(0, Math.min(...failed));
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
