import { contractTag } from "../../flight/contract.ts";
import { identities } from "../../flight/identity.ts";
import { dropDuplicates } from "../../flight/batch-rows.ts";
import { sortedByReason } from "../../flight/rejection.ts";
import { decodeChunk } from "../../format/chunk.ts";
import { batchId, recordId } from "../objects/ids.ts";
import { streamingCleaner, type RejectedRows } from "./streaming-cleaner.ts";
import { rejectedKey } from "../objects/keys.ts";
import { writeLake, type LakeFormat } from "../lake/write.ts";
import type { Applied, BatchWrite, ObjectStore, Sink, StreamRecord } from "../ports.ts";

/** A micro-batch takes no further record once it has so many rows or inflated bytes. */
const MAX_ROWS = 40_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Stream records decoded, cleaned and without duplicates among themselves, ready for the sinks. */
export interface MicroBatch {
  /** The records that are in it: the first ones in arrival order. */
  records: readonly StreamRecord[];
  write: BatchWrite;
  /** Rejected rows, by the index of the delivery that brought them. */
  rejected: ReadonlyMap<number, RejectedRows>;
}

/** Arrival order: sequence number as integer, then partition key by its UTF-8 bytes. */
export function byArrival(a: StreamRecord, b: StreamRecord): number {
  const [left, right] = [BigInt(a.sequence_number), BigInt(b.sequence_number)];
  if (left !== right) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(a.partition_key), Buffer.from(b.partition_key));
}

/** Decodes and cleans records in arrival order, as many as fit one micro-batch. `source` holds where a chunk names none. */
export function microBatch(
  records: readonly StreamRecord[],
  { stream, source }: { stream: string; source: string },
): MicroBatch {
  const judged = streamingCleaner();
  const sorted = [...records].sort(byArrival);
  const rows: number[] = [];
  let bytes = 0;
  for (const [delivery, record] of sorted.entries()) {
    const before = judged.received();
    if (before >= MAX_ROWS || bytes >= MAX_BYTES) break;
    bytes += decodeChunk(record.data, { source, received_at: record.arrived_at, delivery }, judged.into);
    rows.push(judged.received() - before);
  }
  const used = sorted.slice(0, rows.length);
  const { batch, rejected } = judged.end();
  dropDuplicates(batch, identities(nextPower(batch.rows)));
  const deliveries = used.map(({ partition_key, sequence_number, arrived_at }, i) => ({
    id: recordId(stream, partition_key, sequence_number),
    received_at: arrived_at,
    rows: rows[i] ?? 0,
    rejected: sortedByReason(rejected.get(i)?.counts ?? {}),
  }));
  return {
    records: used,
    rejected,
    write: {
      flow: "stream",
      // a record that comes twice is one delivery
      batch_id: batchId([...new Set(deliveries.map(({ id }) => id))]),
      contract: contractTag,
      arrived_at: used.reduce((newest, { arrived_at }) => Math.max(newest, arrived_at), 0),
      deliveries,
      batch,
    },
  };
}

/** A table twice as large as the rows, so that it is never doubled. */
const nextPower = (rows: number): number => 2 ** Math.ceil(Math.log2(Math.max(16, rows * 2)));

export interface SinkPorts {
  objects: ObjectStore;
  sink: Sink;
  lake: LakeFormat;
}

/**
 * Writes a micro-batch: rejected, database, lake. Doing it again changes nothing, so it may be repeated after any failure;
 * a sink that is down throws.
 */
export async function applyRecords({ write, rejected }: MicroBatch, ports: SinkPorts): Promise<Applied> {
  for (const [delivery, { id, received_at }] of write.deliveries.entries()) {
    const rows = rejected.get(delivery);
    if (rows !== undefined) await ports.objects.put(rejectedKey("stream", id, received_at), rows.body());
  }
  const applied = await ports.sink.apply(write);
  await writeLake(ports.objects, { batch: write.batch, batch_id: write.batch_id, format: ports.lake });
  return applied;
}
