import type pg from "pg";
import { DAY_S } from "../time.ts";
import { LOCKS } from "./locks.ts";
import { statement } from "./statements.ts";
import { query, transaction } from "./transaction.ts";

const partitionName = (day: number): string =>
  `state_vectors_${new Date(day * DAY_S * 1000).toISOString().slice(0, 10).replaceAll("-", "_")}`;

/** Creates the day partitions from today - retention - 1 to tomorrow. Each process does this once a day. */
export function dayPartitions(pool: pg.Pool, retention_days: number): { ensure(): Promise<void> } {
  let lastDay = -1;
  return {
    async ensure() {
      const today = Math.floor(Date.now() / 1000 / DAY_S);
      if (lastDay === today) return;
      const missing = await query<{ statement: string }>(pool, statement("make-partitions"), [retention_days]);
      // one transaction for each partition, so that the lock is short
      for (const { statement: create } of missing) await transaction(pool, (client) => client.query(create));
      lastDay = today;
    },
  };
}

/**
 * Deletes the rows that arrived before `received_at` (Unix seconds). The same transaction adds their number to `expired` of
 * their batches. Then drops empty day partitions that are older than the day before `received_at`. Returns the number of
 * deleted rows of history.
 */
export async function expireRows(pool: pg.Pool, received_at: number): Promise<number> {
  const deleted = await transaction(pool, async (client) => {
    const { rows } = await client.query<{ rows: number }>(
      `with deleted as (delete from state_vectors where received_at < $1 returning batch_id),
         counts as (select batch_id, count(*)::int as rows from deleted group by batch_id),
         updated as (update batches set expired = expired + counts.rows from counts where batches.batch_id = counts.batch_id)
       select coalesce(sum(rows), 0)::int as rows from counts`,
      [received_at],
    );
    await client.query("delete from aircraft where received_at < $1", [received_at]);
    return rows[0]?.rows ?? 0;
  });
  await dropEmptyPartitions(pool, Math.floor(received_at / DAY_S) - 1);
  return deleted;
}

async function dropEmptyPartitions(pool: pg.Pool, before_day: number): Promise<void> {
  const limit = partitionName(before_day);
  const partitions = await query<{ name: string }>(
    pool,
    `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
     where inhparent = 'state_vectors'::regclass and relname ~ '^state_vectors_\\d' and relname < $1`,
    [limit],
  );
  for (const { name } of partitions)
    await transaction(pool, async (client) => {
      await client.query("select pg_advisory_xact_lock($1)", [LOCKS.partition]);
      const { rows } = await client.query<{ empty: boolean }>(`select not exists (select from ${name}) as empty`);
      if (rows[0]?.empty === true) await client.query(`drop table ${name}`);
    });
}
