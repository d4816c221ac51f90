import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import { applyInOrder } from "../../flow/stream/micro-batch.ts";
import type { StreamRecord } from "../../flow/ports.ts";
import { lambdaAdapters } from "../adapters/lambda-adapters.ts";
import { appliedMetrics, emitMetrics, logError } from "../metrics.ts";

const adapters = await lambdaAdapters(process.env);
const { lake, source, stream, deployed } = adapters.config;
const of = { deployment: deployed.name, flow: "stream" } as const;

const streamRecord = ({ kinesis }: KinesisStreamRecord): StreamRecord => ({
  partition_key: kinesis.partitionKey,
  sequence_number: kinesis.sequenceNumber,
  data: Buffer.from(kinesis.data, "base64"),
  arrived_at: Math.floor(kinesis.approximateArrivalTimestamp),
});

/** Stores a batch of one shard. From the first record that a sink did not take, the shard is read again. */
export async function handler({ Records }: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> {
  const all = await applyInOrder(Records.map(streamRecord), { ...adapters, lake, source, stream: stream.name });
  for (const applied of all.applied) emitMetrics(of, appliedMetrics(applied));
  if (all.failed === undefined) return { batchItemFailures: [] };
  logError("a sink did not take the batch", all.failed.error);
  emitMetrics(of, { failed: 1 });
  return { batchItemFailures: [{ itemIdentifier: all.failed.record.sequence_number }] };
}
