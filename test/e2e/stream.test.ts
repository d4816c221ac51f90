import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { consume, type ConsumeOptions } from "../../src/flow/stream/consume.ts";
import { compact } from "../../src/flow/lake/compact.ts";
import { UnavailableError } from "../../src/flow/errors.ts";
import { newestRejections } from "../../src/flow/api/read-routes.ts";
import { producer } from "../../src/flow/stream/produce.ts";
import { LOCKS } from "../../src/postgres/locks.ts";
import { query } from "../../src/postgres/transaction.ts";
import { readLakeFile } from "../../src/flow/lake/compact.ts";
import type { Adapters } from "../../src/server/adapters.ts";
import { goodRow, simulatedBodies } from "../harness/bodies.ts";
import { newPlace, until } from "../harness/product.ts";
import { quarantined } from "../harness/quarantine.ts";
import { poolOf, worldOf } from "./api-world.ts";

const NDJSON = "application/x-ndjson";

async function put(world: Adapters, bodies: readonly Uint8Array[], media_type = "application/json"): Promise<number> {
  const to = producer(world.stream, { signal: new AbortController().signal, groups: 16 });
  for (const body of bodies) await to.add(body, media_type);
  await to.flush();
  return to.rows_put;
}

const readAll = (world: Adapters, options: Partial<ConsumeOptions> = {}): Promise<void> =>
  consume(
    { ...world, source: "opensky", lake: "parquet" },
    { signal: new AbortController().signal, untilEmpty: true, ...options },
  );

const report = async (world: Adapters) => (await world.counter.count())[1];

/** Identities of the rows in the lake, each as often as it stands there. */
async function lakeIdentities({ objects }: Adapters): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of objects.list("lake/")) {
    const { batch } = await readLakeFile(objects, key);
    const { source, icao24, last_contact, time_position } = batch.columns;
    for (let i = 0; i < batch.rows; i++)
      found.push([source[i], icao24[i], last_contact[i], time_position[i]].join(" "));
  }
  return found;
}

test("what is produced is stored once, in tables and lake, and both equations hold", async () => {
  const world = await worldOf(await newPlace());
  const rows = await put(world, await simulatedBodies(10));
  await readAll(world);
  const found = await report(world);
  expect(found).toMatchObject({ received: rows, pending: 0, balanced: true });
  expect(found?.stored).toBeGreaterThan(1_500);
  const identities = await lakeIdentities(world);
  expect(new Set(identities).size).toBe(found?.accepted);
  await compact(world.objects, { format: "parquet", now_s: Date.now() / 1000 });
  expect((await lakeIdentities(world)).sort()).toEqual([...new Set(identities)].sort());
});

test("a replay from the start, with other batch bounds and new data, stores the new data alone", async () => {
  const world = await worldOf(await newPlace());
  const first = await simulatedBodies(6);
  const rows = await put(world, first.slice(0, 3));
  await readAll(world);
  const before = await report(world);
  await query(poolOf(world), "delete from stream_checkpoints");
  const more = await put(world, first.slice(3));
  await readAll(world);
  const after = await report(world);
  expect(after).toMatchObject({ received: rows + more, repeats: rows, balanced: true });
  expect(after?.stored).toBeGreaterThan(before?.stored ?? 0);
  expect(new Set(await lakeIdentities(world)).size).toBe(after?.accepted);
});

test("three poison records among 1,000 lie in quarantine with reason and bytes, and the stream goes on", async () => {
  const world = await worldOf(await newPlace());
  const lines = Array.from({ length: 997 }, (_, i) =>
    Buffer.from(JSON.stringify(goodRow({ icao24: `a${i.toString(16).padStart(5, "0")}` }))),
  );
  const poison = [Buffer.from('{"icao24":'), Buffer.from([0x22, 0xff, 0x22]), Buffer.from("[1,2]")];
  lines.splice(500, 0, ...poison);
  const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
  await put(world, [body], NDJSON);
  await readAll(world);
  expect(await report(world)).toMatchObject({ received: 1_000, stored: 997, rejected: 3, balanced: true });
  const rejected = await quarantined(world.objects);
  expect(rejected.map(({ reason }) => reason).sort()).toEqual(["not_an_object", "not_json", "not_utf8"]);
  const shown = rejected.map(({ bytes, row }) =>
    bytes === undefined ? (row ?? "") : Buffer.from(bytes, "base64").toString("latin1"),
  );
  expect(shown.sort()).toEqual(['"\xff"', "[1,2]", '{"icao24":'].sort());
});

test("a record that is no chunk at all is one rejection, and its neighbours are stored", async () => {
  const world = await worldOf(await newPlace());
  const broken = { partition_key: '{"a":"\'', data: Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), rows: 1 };
  await world.stream.put([broken]);
  await put(world, [Buffer.from(JSON.stringify([goodRow()]))]);
  await readAll(world);
  expect(await report(world)).toMatchObject({
    received: 2,
    stored: 1,
    rejected: 1,
    reasons: { not_gzip: 1 },
    balanced: true,
  });
});

test("a record of a few kilobytes and half a million broken rows stops nothing, and its first ones are shown", async () => {
  const world = await worldOf(await newPlace());
  const texts = ["1\n".repeat(500_000), JSON.stringify(goodRow())];
  for (const [i, text] of texts.entries())
    await world.stream.put([{ partition_key: String(i), data: gzipSync(text), rows: i === 0 ? 500_000 : 1 }]);
  await readAll(world);
  expect(await report(world)).toMatchObject({ received: 500_001, stored: 1, rejected: 500_000, balanced: true });
  const newest = await newestRejections(world.objects, ["stream"], 3);
  expect(newest.map(({ line, index }) => [line, index])).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
  ]);
});

test("while a sink is down nothing is quarantined and no checkpoint moves; then all of it is stored", async () => {
  const world = await worldOf(await newPlace());
  const rows = await put(world, await simulatedBodies(2));
  let failures = 0;
  const apply: Adapters["sink"]["apply"] = (write) =>
    ++failures <= 2 ? Promise.reject(new UnavailableError("the database is down")) : world.sink.apply(write);
  const troubles: string[] = [];
  const positions: unknown[] = [];
  await readAll(
    { ...world, sink: { ...world.sink, apply } },
    {
      onTrouble: ({ message }) => {
        troubles.push(message);
        positions.push(query(poolOf(world), "select position from stream_checkpoints where position is not null"));
      },
    },
  );
  expect(troubles).toEqual(["the database is down", "the database is down"]);
  expect(await Promise.all(positions)).toEqual([[], []]);
  expect(await report(world)).toMatchObject({ received: rows, pending: 0, balanced: true });
});

test("two consumers share the shards and read none twice", async () => {
  const place = await newPlace();
  const [one, two] = [await worldOf(place), await worldOf(place)];
  const bodies = await simulatedBodies(12);
  const stop = new AbortController();
  const sums = { one: 0, two: 0, repeats: 0 };
  const run = (world: Adapters, name: "one" | "two") =>
    readAll(world, {
      signal: stop.signal,
      untilEmpty: false,
      onBatch: ({ received, repeats }) => {
        sums[name] += received;
        sums.repeats += repeats;
      },
    });
  const running = [run(one, "one"), run(two, "two")];
  // the first may hold all shards until it finds that there are two
  const holders = `select count(distinct pid)::int as n from pg_locks
    where locktype = 'advisory' and granted and classid = $1
      and database = (select oid from pg_database where datname = current_database())`;
  await until(
    () => query<{ n: number }>(place.database.pool, holders, [LOCKS.lease]),
    ([row]) => row?.n === 2,
  );
  let rows = 0;
  for (const body of bodies) rows += await put(one, [body]);
  while (sums.one + sums.two < rows) await new Promise((resolve) => setTimeout(resolve, 50));
  stop.abort();
  await Promise.all(running);
  expect(Math.min(sums.one, sums.two)).toBeGreaterThan(0);
  expect(sums.repeats).toBe(0);
  expect(await report(one)).toMatchObject({ received: rows, pending: 0, balanced: true });
});
