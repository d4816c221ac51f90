import type pg from "pg";
import { PREFIXES } from "../flow/objects/keys.ts";
import { rawBodies, removeObjects, type ObjectKind } from "../flow/objects/retention.ts";
import type { Ledger, ObjectStore, Sink, Stream } from "../flow/ports.ts";
import { trimStream } from "../postgres/stream.ts";
import { DAY_S } from "../time.ts";

/** Objects in the order of deletion. A source comes before its derivatives, or the sweep would derive these again. */
const kinds: readonly ObjectKind[] = [
  rawBodies,
  { prefix: PREFIXES.clean, suffix: "" },
  { prefix: PREFIXES.rejected, suffix: "" },
  { prefix: PREFIXES.replayed, suffix: "" },
  { prefix: PREFIXES.lake, suffix: "" },
];

export interface RetentionPorts {
  /** The pool of the local stream. Undefined for Kinesis, which expires records itself. */
  pool: pg.Pool | undefined;
  /** Undefined for a bucket, whose lifecycle rules expire its objects. */
  objects: ObjectStore | undefined;
  /** Undefined if its rows have another retention. */
  database: { sink: Pick<Sink, "ping">; ledger: Pick<Ledger, "expire"> } | undefined;
  stream: Stream;
}

/**
 * Removes objects and then rows that are older than the retention. The ledger counts the rows as expired. Also removes
 * records of the local stream that were delivered and are older than a day. Removes nothing while the database is down,
 * because only the database knows which objects were loaded.
 */
export async function removeExpired(
  { pool, objects, database, stream }: RetentionPorts,
  { retention_days, now_s }: { retention_days: number; now_s: number },
): Promise<void> {
  const limit = Math.floor(now_s - retention_days * DAY_S);
  await database?.sink.ping();
  if (objects !== undefined) for (const kind of kinds) await removeObjects(objects, kind, limit);
  await database?.ledger.expire(limit);
  if (pool !== undefined) await trimStream(pool, stream.name, Math.floor(now_s - DAY_S));
}
