import { createHash } from "node:crypto";
import pg from "pg";
import { recordId } from "../flow/objects/ids.ts";
import type { Intake, OutgoingRecord, PutResult, ReadResult, Snapshot, Stream, StreamRecord } from "../flow/ports.ts";
import { CHANNELS } from "./channels.ts";
import { listener, type Listener } from "./listener.ts";
import { statement } from "./statements.ts";
import { query, transaction } from "./transaction.ts";

/** The records of one `put` that belong to one shard, with their indexes in the result. */
interface ShardPut {
  shard: number;
  records: OutgoingRecord[];
  indices: number[];
}

/**
 * The `Stream` port on a table. `put` assigns sequence numbers under a lock on the row of the shard, in the transaction that
 * inserts the records. Invariant: the records of a shard become visible in order. The first use of a stream creates its
 * shards. Their number never changes.
 */
export async function postgresStream(
  pool: pg.Pool,
  { name, shards = 4, connection }: { name: string; shards?: number; connection: pg.ClientConfig },
): Promise<Stream & { close(): Promise<void> }> {
  await query(
    pool,
    `insert into stream_shards (stream, shard) select $1, n from generate_series(0, $2 - 1) as n
     where not exists (select from stream_shards where stream = $1) on conflict do nothing`,
    [name, shards],
  );
  const count = await countShards(pool, name);
  const wake: Listener = listener(connection, CHANNELS.stream);
  return {
    name,
    put: (records) => putRecords(pool, name, groupByShard(records, count)),
    async shards() {
      return Array.from({ length: count }, (_, shard) => ({ id: String(shard), parents: [] }));
    },
    read: (shard, after, limit) => readShard(pool, name, { shard: Number(shard), after, limit }),
    arrival: (ms, signal) => wake.next(ms, signal),
    intake: (snapshot) => readIntake(snapshot, name),
    close: () => wake.close(),
  };
}

/** Counts intake and backlog in the ledger's snapshot. Null if the ledger is not in PostgreSQL. */
async function readIntake(snapshot: Snapshot, stream: string): Promise<Intake | null> {
  if (!(snapshot instanceof pg.Client)) return null;
  return (await snapshot.query<Intake>(statement("stream-intake"), [stream])).rows[0] ?? null;
}

async function countShards(pool: pg.Pool, name: string): Promise<number> {
  const rows = await query<{ count: number }>(
    pool,
    "select count(*)::int as count from stream_shards where stream = $1",
    [name],
  );
  return rows[0]?.count ?? 0;
}

/** Chooses the shard by the MD5 of the key, as Kinesis does, but modulo the number of shards. */
const shardOf = (key: string, count: number): number => createHash("md5").update(key).digest().readUInt32BE(0) % count;

function groupByShard(records: readonly OutgoingRecord[], count: number): ShardPut[] {
  const groups = new Map<number, ShardPut>();
  records.forEach((record, index) => {
    const shard = shardOf(record.partition_key, count);
    const group = groups.get(shard) ?? { shard, records: [], indices: [] };
    groups.set(shard, group);
    group.records.push(record);
    group.indices.push(index);
  });
  // in shard order, so that two producers wait for each other instead of deadlocking
  return [...groups.values()].sort((a, b) => a.shard - b.shard);
}

function putRecords(pool: pg.Pool, stream: string, groups: readonly ShardPut[]): Promise<PutResult[]> {
  return transaction(pool, async (client) => {
    const results: PutResult[] = [];
    for (const group of groups) {
      const first = await reserveNumbers(client, stream, group);
      await insertRecords(client, { stream, group, first });
      group.indices.forEach((index, i) => (results[index] = { sequence_number: String(first + i) }));
    }
    if (groups.length > 0) await client.query(`notify ${CHANNELS.stream}`);
    return results;
  });
}

async function reserveNumbers(client: pg.PoolClient, stream: string, { shard, records }: ShardPut): Promise<number> {
  const rows = records.reduce((sum, record) => sum + record.rows, 0);
  const { rows: updated } = await client.query<{ first: number }>(
    `update stream_shards set next_number = next_number + $3, rows = rows + $4
     where stream = $1 and shard = $2 returning (next_number - $3)::float8 as first`,
    [stream, shard, records.length, rows],
  );
  const [row] = updated;
  if (row === undefined) throw new Error(`the stream ${stream} does not have the shard ${shard}`);
  return row.first;
}

async function insertRecords(
  client: pg.PoolClient,
  { stream, group, first }: { stream: string; group: ShardPut; first: number },
): Promise<void> {
  const { records, shard } = group;
  const numbers = records.map((_, i) => String(first + i));
  await client.query(
    `insert into stream_records (stream, shard, sequence_number, partition_key, data, rows, delivery_id)
     select $1, $2, * from unnest($3::bigint[], $4::text[], $5::bytea[], $6::int[], $7::text[])`,
    [
      stream,
      shard,
      numbers,
      records.map(({ partition_key }) => partition_key),
      records.map(({ data }) => data),
      records.map(({ rows }) => rows),
      records.map(({ partition_key }, i) => recordId(stream, partition_key, numbers[i] ?? "")),
    ],
  );
}

async function readShard(
  pool: pg.Pool,
  stream: string,
  { shard, after, limit }: { shard: number; after: string | null; limit: number },
): Promise<ReadResult> {
  const rows = await query<{ partition_key: string; sequence_number: string; data: Buffer; arrived_at: number }>(
    pool,
    `select partition_key, sequence_number::text, data, floor(extract(epoch from arrived_at))::float8 as arrived_at
     from stream_records where stream = $1 and shard = $2 and sequence_number > $3 order by stream_records.sequence_number limit $4`,
    [stream, shard, after ?? "0", limit],
  );
  return { records: rows, ended: false };
}

/** The records of a batch that arrived in one Unix second, in order of arrival. */
export const recordsOfBatch = (
  pool: pg.Pool,
  stream: string,
  { batch_id, arrived_at }: { batch_id: string; arrived_at: number },
): Promise<StreamRecord[]> =>
  query(
    pool,
    `select r.partition_key, r.sequence_number::text, r.data, floor(extract(epoch from r.arrived_at))::float8 as arrived_at
     from stream_records as r join deliveries as d on d.id = r.delivery_id
     where r.stream = $1 and d.batch_id = $2 and r.arrived_at >= to_timestamp($3) and r.arrived_at < to_timestamp($3 + 1)
     order by r.sequence_number, r.partition_key collate "C"`,
    [stream, batch_id, arrived_at],
  );

/** Deletes records that arrived before `arrived_at` (Unix seconds) and were delivered. Returns their number. */
export async function trimStream(pool: pg.Pool, stream: string, arrived_at: number): Promise<number> {
  const rows = await query<{ n: number }>(
    pool,
    `with deleted as (
       delete from stream_records as r where stream = $1 and arrived_at < to_timestamp($2)
         and exists (select from deliveries as d where d.id = r.delivery_id) returning 1
     ) select count(*)::int as n from deleted`,
    [stream, arrived_at],
  );
  return rows[0]?.n ?? 0;
}
