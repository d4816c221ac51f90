import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import type { StreamRecord } from "../../flow/ports.ts";
import { applyInOrder } from "../../flow/stream/micro-batch.ts";
import { lambdaAdapters } from "../adapters/lambda-adapters.ts";
import { appliedMetrics, emitMetrics, logError } from "../metrics.ts";

const adapters = await lambdaAdapters(process.env);
const { lake, source, stream, deployed } = adapters.config;
const dimensions = { deployment: deployed.name, flow: "stream" } as const;

const streamRecord = ({ kinesis }: KinesisStreamRecord): StreamRecord => ({
  partition_key: kinesis.partitionKey,
  sequence_number: kinesis.sequenceNumber,
  data: Buffer.from(kinesis.data, "base64"),
  arrived_at: Math.floor(kinesis.approximateArrivalTimestamp),
});

/** Stores records of one shard. When a sink fails, Lambda delivers the shard again from the first record that was not stored. */
export async function handler({ Records }: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> {
  const ports = { ...adapters, lake, source, stream: stream.name };
  const { applied: batches, failed } = await applyInOrder(Records.map(streamRecord), ports);
  for (const applied of batches) emitMetrics(dimensions, appliedMetrics(applied));
  if (failed === undefined) return { batchItemFailures: [] };
  logError("a sink failed. Lambda delivers the records again", failed.error);
  emitMetrics(dimensions, { failed: 1 });
  return { batchItemFailures: [{ itemIdentifier: failed.record.sequence_number }] };
}
