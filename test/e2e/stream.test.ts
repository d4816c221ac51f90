import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { newestRejections } from "../../src/flow/api/read-routes.ts";
import { UnavailableError } from "../../src/flow/errors.ts";
import { compact, readLakeFile } from "../../src/flow/lake/compact.ts";
import { consume, type ConsumeOptions } from "../../src/flow/stream/consume.ts";
import { producer } from "../../src/flow/stream/produce.ts";
import { LOCKS } from "../../src/postgres/locks.ts";
import { query } from "../../src/postgres/transaction.ts";
import type { Adapters } from "../../src/server/adapters.ts";
import { goodRow, simulatedBodies } from "../harness/bodies.ts";
import { newInstallation, until } from "../harness/product.ts";
import { quarantined } from "../harness/quarantine.ts";
import { poolOf, adaptersOf } from "./api-under-test.ts";

const NDJSON = "application/x-ndjson";

async function put(
  adapters: Adapters,
  bodies: readonly Uint8Array[],
  media_type = "application/json",
): Promise<number> {
  const to = producer(adapters.stream, { signal: new AbortController().signal, groups: 16 });
  for (const body of bodies) await to.add(body, media_type);
  await to.flush();
  return to.rows_put;
}

const readAll = (adapters: Adapters, options: Partial<ConsumeOptions> = {}): Promise<void> =>
  consume(
    { ...adapters, source: "opensky", lake: "parquet" },
    { signal: new AbortController().signal, untilEmpty: true, ...options },
  );

const report = async (adapters: Adapters) => (await adapters.counter.count())[1];

/** Identities of the rows in the lake. An identity that is stored several times occurs as often. */
async function lakeIdentities({ objects }: Adapters): Promise<string[]> {
  const stored: string[] = [];
  for await (const { key } of objects.list("lake/")) {
    const { batch } = await readLakeFile(objects, key);
    const { source, icao24, last_contact, time_position } = batch.columns;
    for (let i = 0; i < batch.rows; i++)
      stored.push([source[i], icao24[i], last_contact[i], time_position[i]].join(" "));
  }
  return stored;
}

test("produced rows are stored once, in tables and lake, and the flow balances", async () => {
  const adapters = await adaptersOf(await newInstallation());
  const rows = await put(adapters, await simulatedBodies(10));
  await readAll(adapters);
  const counted = await report(adapters);
  expect(counted).toMatchObject({ received: rows, pending: 0, balanced: true });
  expect(counted?.stored).toBeGreaterThan(1_500);
  const identities = await lakeIdentities(adapters);
  expect(new Set(identities).size).toBe(counted?.accepted);
  await compact(adapters.objects, { format: "parquet", now_s: Date.now() / 1000 });
  expect((await lakeIdentities(adapters)).sort()).toEqual([...new Set(identities)].sort());
});

test("a replay from the start, with other batch boundaries and new data, stores only the new data", async () => {
  const adapters = await adaptersOf(await newInstallation());
  const first = await simulatedBodies(6);
  const rows = await put(adapters, first.slice(0, 3));
  await readAll(adapters);
  const before = await report(adapters);
  await query(poolOf(adapters), "delete from stream_checkpoints");
  const more = await put(adapters, first.slice(3));
  await readAll(adapters);
  const after = await report(adapters);
  expect(after).toMatchObject({ received: rows + more, repeats: rows, balanced: true });
  expect(after?.stored).toBeGreaterThan(before?.stored ?? 0);
  expect(new Set(await lakeIdentities(adapters)).size).toBe(after?.accepted);
});

test("three undecodable rows among 1,000 are quarantined with reason and bytes, and the stream goes on", async () => {
  const adapters = await adaptersOf(await newInstallation());
  const lines = Array.from({ length: 997 }, (_, i) =>
    Buffer.from(JSON.stringify(goodRow({ icao24: `a${i.toString(16).padStart(5, "0")}` }))),
  );
  const undecodable = [Buffer.from('{"icao24":'), Buffer.from([0x22, 0xff, 0x22]), Buffer.from("[1,2]")];
  lines.splice(500, 0, ...undecodable);
  const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
  await put(adapters, [body], NDJSON);
  await readAll(adapters);
  expect(await report(adapters)).toMatchObject({ received: 1_000, stored: 997, rejected: 3, balanced: true });
  const rejected = await quarantined(adapters.objects);
  expect(rejected.map(({ reason }) => reason).sort()).toEqual(["not_an_object", "not_json", "not_utf8"]);
  const shown = rejected.map(({ bytes, row }) =>
    bytes === undefined ? (row ?? "") : Buffer.from(bytes, "base64").toString("latin1"),
  );
  expect(shown.sort()).toEqual(['"\xff"', "[1,2]", '{"icao24":'].sort());
});

test("a record that is not a chunk is one rejection, and the other records are stored", async () => {
  const adapters = await adaptersOf(await newInstallation());
  const broken = { partition_key: '{"a":"\'', data: Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), rows: 1 };
  await adapters.stream.put([broken]);
  await put(adapters, [Buffer.from(JSON.stringify([goodRow()]))]);
  await readAll(adapters);
  expect(await report(adapters)).toMatchObject({
    received: 2,
    stored: 1,
    rejected: 1,
    reasons: { not_gzip: 1 },
    balanced: true,
  });
});

test("a record of a few kilobytes with half a million broken rows does not stop the stream, and its first rejections are readable", async () => {
  const adapters = await adaptersOf(await newInstallation());
  const texts = ["1\n".repeat(500_000), JSON.stringify(goodRow())];
  for (const [i, text] of texts.entries())
    await adapters.stream.put([{ partition_key: String(i), data: gzipSync(text), rows: i === 0 ? 500_000 : 1 }]);
  await readAll(adapters);
  expect(await report(adapters)).toMatchObject({ received: 500_001, stored: 1, rejected: 500_000, balanced: true });
  const newest = await newestRejections(adapters.objects, ["stream"], 3);
  expect(newest.map(({ line, index }) => [line, index])).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
  ]);
});

test("while a sink is down, nothing is quarantined and checkpoints do not move, and later all rows are stored", async () => {
  const adapters = await adaptersOf(await newInstallation());
  const rows = await put(adapters, await simulatedBodies(2));
  let failures = 0;
  const apply: Adapters["sink"]["apply"] = (write) =>
    ++failures <= 2 ? Promise.reject(new UnavailableError("the database is down")) : adapters.sink.apply(write);
  const troubles: string[] = [];
  const positions: unknown[] = [];
  await readAll(
    { ...adapters, sink: { ...adapters.sink, apply } },
    {
      onTrouble: ({ message }) => {
        troubles.push(message);
        positions.push(query(poolOf(adapters), "select position from stream_checkpoints where position is not null"));
      },
    },
  );
  expect(troubles).toEqual(["the database is down", "the database is down"]);
  expect(await Promise.all(positions)).toEqual([[], []]);
  expect(await report(adapters)).toMatchObject({ received: rows, pending: 0, balanced: true });
});

test("two consumers share the shards and read each row once", async () => {
  const installation = await newInstallation();
  const [one, two] = [await adaptersOf(installation), await adaptersOf(installation)];
  const bodies = await simulatedBodies(12);
  const stop = new AbortController();
  const sums = { one: 0, two: 0, repeats: 0 };
  const run = (adapters: Adapters, name: "one" | "two") =>
    readAll(adapters, {
      signal: stop.signal,
      untilEmpty: false,
      onBatch: ({ received, repeats }) => {
        sums[name] += received;
        sums.repeats += repeats;
      },
    });
  const running = [run(one, "one"), run(two, "two")];
  // the first consumer may have leases on all shards until it notices the second
  const holders = `select count(distinct pid)::int as n from pg_locks
    where locktype = 'advisory' and granted and classid = $1
      and database = (select oid from pg_database where datname = current_database())`;
  await until(
    () => query<{ n: number }>(installation.database.pool, holders, [LOCKS.lease]),
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
