import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { newestRows } from "../flight/newest.ts";
import { sumOfCounts } from "../flight/rejection.ts";
import type { Applied, BatchWrite, DatabasePorts, Delivery, Ledger, Sink } from "../flow/ports.ts";
import { encodeCopy } from "./copy-binary.ts";
import { expireRows, dayPartitions } from "./partitions.ts";
import { postgresReader, readLedgerRow } from "./reads.ts";
import { statement } from "./statements.ts";
import { postgresPast, postgresTotals } from "./totals.ts";
import { query, transaction } from "./transaction.ts";

export interface PostgresDatabaseOptions {
  /** Days for which rows are kept. The day partitions cover this range. */
  retention_days: number;
}

/** The `Sink`, `Ledger` and `Reader` ports on PostgreSQL 15 or later. */
export const postgresDatabase = (pool: pg.Pool, options: PostgresDatabaseOptions): DatabasePorts => ({
  sink: postgresSink(pool, options),
  ledger: postgresLedger(pool),
  reader: postgresReader(pool),
});

const postgresLedger = (pool: pg.Pool): Ledger => ({
  batch: ({ id }) => readLedgerRow(pool, id),
  totals: (totals) => postgresTotals(pool, totals),
  past: (at) => postgresPast(pool, at),
  expire: (received_at) => expireRows(pool, received_at),
});

function postgresSink(pool: pg.Pool, { retention_days }: PostgresDatabaseOptions): Sink {
  const partitions = dayPartitions(pool, retention_days);
  return {
    async apply(write) {
      await partitions.ensure();
      return transaction(pool, (client) => applyOnce(client, write));
    },
    async delivered(deliveries) {
      const rows = await query<{ id: string }>(pool, "select id from deliveries where id = any($1)", [
        deliveries.map(({ id }) => id),
      ]);
      return new Set(rows.map(({ id }) => id));
    },
    async ping() {
      await query(pool, "select 1");
    },
  };
}

async function applyOnce(client: pg.PoolClient, write: BatchWrite): Promise<Applied> {
  const { deliveries, batch_id } = write;
  const fresh = await claimDeliveries(client, write);
  const repeats = deliveries.reduce((sum, { rows }, i) => sum + (fresh[i] === 1 ? 0 : rows), 0);
  const kept = deliveries.filter((_, i) => fresh[i] === 1);
  const rejected = sumReasons(kept);
  const received = kept.reduce((sum, { rows }) => sum + rows, 0);
  const rejectedRows = sumOfCounts(rejected);
  const accepted = kept.length === 0 ? 0 : await storeRows(client, write, fresh);
  const duplicate = received - rejectedRows - accepted;
  await client.query(statement("insert-batch"), [
    batch_id,
    write.flow,
    write.contract,
    received,
    accepted,
    duplicate,
    rejected,
    repeats,
    write.arrived_at,
  ]);
  await client.query(statement("notify-applied"), [batch_id]);
  return { received, accepted, duplicate, rejected: rejectedRows, repeats };
}

/** Records the deliveries as applied. Returns a byte for each delivery: 1 if it is new, 0 if it was applied before. */
async function claimDeliveries(client: pg.PoolClient, { deliveries, batch_id }: BatchWrite): Promise<Uint8Array> {
  const { rows } = await client.query<{ id: string }>(statement("claim-deliveries"), [
    JSON.stringify(deliveries.map(({ id, rows: received }) => ({ id, rows: received }))),
    batch_id,
  ]);
  const claimed = new Set(rows.map(({ id }) => id));
  // if a batch contains an id twice, only the first delivery is new
  return Uint8Array.from(deliveries, ({ id }) => (claimed.delete(id) ? 1 : 0));
}

/** Merges the rows of new deliveries through the staging table. Returns the number of stored rows. */
async function storeRows(client: pg.PoolClient, { batch, batch_id }: BatchWrite, fresh: Uint8Array): Promise<number> {
  const rows = Int32Array.from({ length: batch.rows }, (_, i) => i).filter((i) => fresh[batch.delivery[i] ?? 0] === 1);
  if (rows.length === 0) return 0;
  await client.query(statement("create-stage"));
  const bytes = encodeCopy(batch, { rows, isNewest: newestRows(batch, rows), batch_id });
  await pipeline(
    Readable.from([bytes], { objectMode: false }),
    client.query(copyFrom("copy stage from stdin (format binary)")),
  );
  const inserted = await client.query(statement("insert-states"));
  await client.query(statement("merge-aircraft"));
  return inserted.rowCount ?? 0;
}

function sumReasons(deliveries: readonly Delivery[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { rejected } of deliveries)
    for (const [reason, rows] of Object.entries(rejected)) sums[reason] = (sums[reason] ?? 0) + rows;
  return sums;
}
