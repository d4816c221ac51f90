import { clean } from "../flight/clean.ts";
import { contractTag } from "../flight/contract.ts";
import { dropDuplicates, identities } from "../flight/identity.ts";
import { countByReason, type Rejection } from "../flight/rejection.ts";
import { decodeChunk } from "../format/chunk.ts";
import { newDecoded, receivedRows, type Decoded } from "../format/decoded.ts";
import { batchId, recordId } from "./ids.ts";
import { rejectedKey } from "./keys.ts";
import { writeLake, type LakeFormat } from "./lake.ts";
import type { Applied, Application, Database, ObjectStore, StreamRecord } from "./ports.ts";
import { encodeRejected } from "./rejected.ts";

/** A micro-batch ends before the record that would take it beyond this many rows. */
const MOST_ROWS = 40_000;

/** Stream records decoded, cleaned and without duplicates among themselves, ready for the sinks. */
export interface MicroBatch {
  /** The records that are in it: the first ones in arrival order. */
  records: readonly StreamRecord[];
  application: Application;
  /** Rejected rows, beside the delivery that brought them. */
  rejections: readonly Rejection[];
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
  const decoded = newDecoded(8_192);
  const sorted = [...records].sort(byArrival);
  const rows: number[] = [];
  for (const [delivery, record] of sorted.entries()) {
    const before = receivedRows(decoded);
    if (before >= MOST_ROWS) break;
    decodeChunk(record.data, { source, received_at: record.arrived_at, delivery }, decoded);
    rows.push(receivedRows(decoded) - before);
  }
  const used = sorted.slice(0, rows.length);
  const rejections = cleanDecoded(decoded);
  dropDuplicates(decoded.batch, identities(nextPower(decoded.batch.rows)));
  const deliveries = used.map(({ partition_key, sequence_number, arrived_at }, i) => ({
    id: recordId(stream, partition_key, sequence_number),
    received_at: arrived_at,
    rows: rows[i] ?? 0,
    rejected: countByReason(rejections.filter(({ delivery }) => delivery === i)),
  }));
  return {
    records: used,
    rejections,
    application: {
      flow: "stream",
      batch_id: batchId(deliveries.map(({ id }) => id)),
      contract: contractTag,
      arrived_at: used.reduce((newest, { arrived_at }) => Math.max(newest, arrived_at), 0),
      deliveries,
      batch: decoded.batch,
    },
  };
}

const cleanDecoded = ({ batch, rejections }: Decoded): Rejection[] => [...rejections, ...clean(batch)];

/** A table twice as large as the rows, so that it is never doubled. */
const nextPower = (rows: number): number => 2 ** Math.ceil(Math.log2(Math.max(16, rows * 2)));

export interface SinkWorld {
  objects: ObjectStore;
  database: Database;
  lake: LakeFormat;
}

/**
 * Writes a micro-batch: rejected, database, lake. Doing it again changes nothing, so it may be repeated after any failure;
 * a sink that is down throws.
 */
export async function applyRecords({ application, rejections }: MicroBatch, world: SinkWorld): Promise<Applied> {
  for (const [delivery, { id }] of application.deliveries.entries()) {
    const some = rejections.filter((one) => one.delivery === delivery);
    if (some.length === 0) continue;
    await world.objects.put(rejectedKey("stream", id, some[0]?.received_at ?? 0), encodeRejected(some));
  }
  const applied = await world.database.apply(application);
  await writeLake(world.objects, { batch: application.batch, batch_id: application.batch_id, format: world.lake });
  return applied;
}
