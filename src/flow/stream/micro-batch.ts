import { dropDuplicates } from "../../flight/batch-rows.ts";
import { contractTag } from "../../flight/contract.ts";
import { identities } from "../../flight/identity.ts";
import { sortedByReason } from "../../flight/rejection.ts";
import { decodeChunk } from "../../format/chunk.ts";
import { writeLake, type LakeFormat } from "../lake/write.ts";
import { batchId, recordId } from "../objects/ids.ts";
import { rejectedKey } from "../objects/keys.ts";
import type { Applied, BatchWrite, ObjectStore, Sink, StreamRecord } from "../ports.ts";
import { streamingCleaner, type RejectedRows } from "./streaming-cleaner.ts";

/** A micro-batch gets no further record after it has this many rows or bytes (after inflation). */
const MAX_ROWS = 40_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A micro-batch is a group of stream records that is decoded, cleaned and stored as one. A transaction per record would
 * cost too much, so the consumer collects the records that have arrived. Each record is a delivery of the batch. Which
 * records share a batch does not matter, because sinks apply each delivery once.
 */
export interface MicroBatch {
  /** Its records in arrival order: as many as fit, from the first on. */
  records: readonly StreamRecord[];
  /** The cleaned rows without duplicates among themselves, and the counts. */
  write: BatchWrite;
  /** Rejected rows by delivery index. */
  rejected: ReadonlyMap<number, RejectedRows>;
}

/** Compares by arrival order: sequence number as integer, then partition key by its UTF-8 bytes. */
export function byArrival(a: StreamRecord, b: StreamRecord): number {
  const [left, right] = [BigInt(a.sequence_number), BigInt(b.sequence_number)];
  if (left !== right) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(a.partition_key), Buffer.from(b.partition_key));
}

/**
 * Decodes and cleans records in arrival order, as many as fit one micro-batch. `source` applies to a chunk that names no
 * source.
 */
export function microBatch(
  records: readonly StreamRecord[],
  { stream, source }: { stream: string; source: string },
): MicroBatch {
  const cleaner = streamingCleaner();
  const sorted = [...records].sort(byArrival);
  const rows: number[] = [];
  let bytes = 0;
  for (const [delivery, record] of sorted.entries()) {
    const before = cleaner.received();
    if (before >= MAX_ROWS || bytes >= MAX_BYTES) break;
    bytes += decodeChunk(record.data, { source, received_at: record.arrived_at, delivery }, cleaner.into);
    rows.push(cleaner.received() - before);
  }
  const used = sorted.slice(0, rows.length);
  const { batch, rejected } = cleaner.end();
  dropDuplicates(batch, identities(capacityFor(batch.rows)));
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
      // The set removes a record that was delivered twice: it is one delivery
      batch_id: batchId([...new Set(deliveries.map(({ id }) => id))]),
      contract: contractTag,
      arrived_at: used.reduce((newest, { arrived_at }) => Math.max(newest, arrived_at), 0),
      deliveries,
      batch,
    },
  };
}

/** A power of two of at least twice the rows, so that the table of identities never grows. */
const capacityFor = (rows: number): number => 2 ** Math.ceil(Math.log2(Math.max(16, rows * 2)));

export interface SinkPorts {
  objects: ObjectStore;
  sink: Sink;
  lake: LakeFormat;
}

/**
 * Writes a micro-batch: rejected rows, then the database, then the lake. It may be repeated after any failure, because each
 * step has no effect the second time. Throws if a sink is down.
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

export interface AppliedInOrder {
  applied: Applied[];
  /** The first record in arrival order that was not stored, and the error. The records after it were not tried. */
  failed?: { record: StreamRecord; error: unknown };
}

/** Applies records of one shard in arrival order, in one micro-batch after another, until the first failure. */
export async function applyInOrder(
  records: readonly StreamRecord[],
  ports: SinkPorts & { stream: string; source: string },
): Promise<AppliedInOrder> {
  const applied: Applied[] = [];
  let left = [...records].sort(byArrival);
  for (let [record] = left; record !== undefined; [record] = left) {
    try {
      const micro = microBatch(left, ports);
      applied.push(await applyRecords(micro, ports));
      left = left.slice(micro.records.length);
    } catch (error) {
      return { applied, failed: { record, error } };
    }
  }
  return { applied };
}
