import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { clean } from "../src/flight/clean.ts";
import { newestRows } from "../src/flight/newest.ts";
import type { BatchWrite } from "../src/flow/ports.ts";
import { readBody } from "../src/format/body.ts";
import { batchRows, newDecoded } from "../src/format/decoded.ts";
import { encodeCopy } from "../src/postgres/copy-binary.ts";
import { statement } from "../src/postgres/statements.ts";
import { transaction } from "../src/postgres/transaction.ts";
import { postgresCpu_s } from "./cpu-time.ts";
import { openskyBodies, thousands } from "./input.ts";
import { median, type Row } from "./measure.ts";
import { openTemporaryAdapters, poolOf } from "./temporary-adapters.ts";

const BATCHES = 10;
const ROUNDS = 5;

/** Batches of 10,000 clean rows into PostgreSQL, against COPY of rows that are encoded before, plus the same upsert. */
export async function loading(): Promise<{ from: string; rows: Row[] }> {
  const { bodies, from } = await openskyBodies(1);
  const parts = thousands(bodies[0] ?? Buffer.alloc(0), 2 * ROUNDS * BATCHES * 10, "arrays");
  const writes = Array.from({ length: 2 * ROUNDS * BATCHES }, (_, i) =>
    batchWrite(parts.slice(10 * i, 10 * i + 10), i),
  );
  const { adapters, close } = await openTemporaryAdapters();
  await adapters.sink.apply(batchWrite(thousands(bodies[0] ?? Buffer.alloc(0), 1, "arrays"), 1_000_000));
  const times = { ours: [] as Timed[], peer: [] as Timed[] };
  let next = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const batches = writes.slice(next, (next += BATCHES));
    times.ours.push(await timed(() => inOrder(batches, (write) => adapters.sink.apply(write))));
    const encoded = writes.slice(next, (next += BATCHES)).map(({ batch, batch_id }) => encodeRows({ batch, batch_id }));
    times.peer.push(await timed(() => inOrder(encoded, (bytes) => copyAndMerge(poolOf(adapters), bytes))));
  }
  await close();
  const [ours, peer] = [mediansOf(times.ours), mediansOf(times.peer)];
  const ratio = (peer.node + peer.postgres) / (ours.node + ours.postgres);
  const row = {
    question: `${BATCHES} batches of 10,000 rows into PostgreSQL`,
    ours: textOf("flightline", ours),
    peer: textOf("COPY of encoded rows + the same upsert", peer),
    ratio,
    aim: "0.6",
    met: ratio >= 0.6,
  };
  return { from, rows: [row] };
}

function batchWrite(bodies: readonly Buffer[], i: number): BatchWrite {
  const decoded = newDecoded(16_384);
  for (const body of bodies)
    readBody(
      body,
      undefined,
      batchRows(() => decoded, { source: "opensky", received_at: 1_900_000_000, delivery: 0 }),
    );
  clean(decoded.batch);
  const id = `bench${i}`;
  return {
    flow: "stream",
    batch_id: id,
    contract: "00000000",
    arrived_at: 1_900_000_000,
    deliveries: [{ id, received_at: 0, rows: decoded.batch.rows, rejected: {} }],
    batch: decoded.batch,
  };
}

function encodeRows({ batch, batch_id }: Pick<BatchWrite, "batch" | "batch_id">): Buffer {
  const rows = Int32Array.from({ length: batch.rows }, (_, i) => i);
  return Buffer.from(encodeCopy(batch, { rows, isNewest: newestRows(batch, rows), batch_id }));
}

const copyAndMerge = (pool: Parameters<typeof transaction>[0], bytes: Buffer): Promise<void> =>
  transaction(pool, async (client) => {
    await client.query(statement("create-stage"));
    await pipeline(
      Readable.from([bytes], { objectMode: false }),
      client.query(copyFrom("copy stage from stdin (format binary)")),
    );
    await client.query(statement("insert-states"));
    await client.query(statement("merge-aircraft"));
  });

async function inOrder<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await run(item);
}

/** Milliseconds: wall time, CPU time of this process, and CPU time of PostgreSQL. */
interface Timed {
  wall: number;
  node: number;
  postgres: number;
}
async function timed(run: () => Promise<void>): Promise<Timed> {
  const before = { wall: performance.now(), node: process.cpuUsage(), postgres: postgresCpu_s() };
  await run();
  const { user, system } = process.cpuUsage(before.node);
  return {
    wall: performance.now() - before.wall,
    node: (user + system) / 1_000,
    postgres: (postgresCpu_s() - before.postgres) * 1_000,
  };
}
const mediansOf = (rounds: readonly Timed[]): Timed => ({
  wall: median(rounds.map(({ wall }) => wall)),
  node: median(rounds.map(({ node }) => node)),
  postgres: median(rounds.map(({ postgres }) => postgres)),
});
const textOf = (name: string, { wall, node, postgres }: Timed): string =>
  `${name}: ${wall.toFixed(0)} ms, CPU Node ${node.toFixed(0)} + PostgreSQL ${postgres.toFixed(0)} ms`;
