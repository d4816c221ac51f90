import pg from "pg";
import { LeaseLostError, UnavailableError } from "../flow/errors.ts";
import type { Checkpoints, CheckpointSession, Lease } from "../flow/ports.ts";
import { LOCKS } from "./locks.ts";

/**
 * The `Checkpoints` port on PostgreSQL. A lease is a session advisory lock, which PostgreSQL frees with its connection, and
 * a fencing token, which grows with each lease. A save with an older token fails.
 */
export function postgresCheckpoints(connection: pg.ClientConfig, stream: string): Checkpoints {
  return { open: () => openSession(connection, stream) };
}

async function openSession(connection: pg.ClientConfig, stream: string): Promise<CheckpointSession> {
  const client = new pg.Client({
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    keepAlive: true,
    ...connection,
  });
  let broken: Error | undefined;
  client.on("error", (error) => (broken = error));
  const run = async <R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<R[]> => {
    if (broken)
      throw new UnavailableError("the checkpoint session is closed, and its leases have ended", { cause: broken });
    return (await client.query<R>(text, values)).rows;
  };
  await client.connect();
  await run("select pg_advisory_lock_shared($1, hashtext($2))", [LOCKS.member, stream]);
  return {
    async members() {
      const rows = await run<{ n: number }>(
        `select count(distinct pid)::int as n from pg_locks where locktype = 'advisory' and granted and classid = $1
           and database = (select oid from pg_database where datname = current_database())
           and objid = (hashtext($2)::bigint & 4294967295)::oid`,
        [LOCKS.member, stream],
      );
      return rows[0]?.n ?? 1;
    },
    async lease(shard) {
      const lock = [LOCKS.lease, `${stream}/${shard}`];
      const [result] = await run<{ locked: boolean }>("select pg_try_advisory_lock($1, hashtext($2)) as locked", lock);
      if (result?.locked !== true) return null;
      return acquireLease(run, { stream, shard, lock });
    },
    async position(shard) {
      const rows = await run<{ position: string | null }>(
        "select position from stream_checkpoints where stream = $1 and shard = $2",
        [stream, shard],
      );
      return rows[0]?.position ?? null;
    },
    close: () => client.end(),
  };
}

type Run = <R extends pg.QueryResultRow>(text: string, values: unknown[]) => Promise<R[]>;

async function acquireLease(
  run: Run,
  { stream, shard, lock }: { stream: string; shard: string; lock: unknown[] },
): Promise<Lease> {
  const [row] = await run<{ epoch: string; position: string | null }>(
    `insert into stream_checkpoints (stream, shard, epoch) values ($1, $2, 1)
     on conflict (stream, shard) do update set epoch = stream_checkpoints.epoch + 1 returning epoch, position`,
    [stream, shard],
  );
  const epoch = Number(row?.epoch);
  let position = row?.position ?? null;
  return {
    shard,
    epoch,
    get position() {
      return position;
    },
    async save(next) {
      const saved = await run(
        "update stream_checkpoints set position = $4 where stream = $1 and shard = $2 and epoch = $3 returning epoch",
        [stream, shard, epoch, next],
      );
      if (saved.length === 0)
        throw new LeaseLostError(`another consumer has acquired the lease on shard ${shard} of ${stream}`);
      position = next;
    },
    async release() {
      await run("select pg_advisory_unlock($1, hashtext($2))", lock);
    },
  };
}
