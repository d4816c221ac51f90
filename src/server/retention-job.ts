import { DAY_S } from "../time.ts";
import type pg from "pg";
import type { Ledger, ObjectStore, Sink, Stream } from "../flow/ports.ts";
import { PREFIXES } from "../flow/objects/keys.ts";
import { rawBodies, removeObjects, type ObjectKind } from "../flow/objects/retention.ts";
import { trimStream } from "../postgres/stream.ts";

/** Objects in the order in which they go: what would be made again from another goes after it. */
const kinds: readonly ObjectKind[] = [
  rawBodies,
  { prefix: PREFIXES.clean, suffix: "" },
  { prefix: PREFIXES.rejected, suffix: "" },
  { prefix: PREFIXES.replayed, suffix: "" },
  { prefix: PREFIXES.lake, suffix: "" },
];

export interface RetentionPorts {
  /** Of the local stream; its records are not ours to trim elsewhere. */
  pool: pg.Pool | undefined;
  /** Undefined where another keeps them. */
  objects: ObjectStore | undefined;
  /** Undefined where rows have another retention. */
  database: { sink: Pick<Sink, "ping">; ledger: Pick<Ledger, "expire"> } | undefined;
  stream: Stream;
}

/**
 * Removes what is older than the retention: objects first, then rows, counted as expired; and records of the local stream
 * older than a day that were delivered. Does nothing while the database is down: it tells what was loaded.
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
