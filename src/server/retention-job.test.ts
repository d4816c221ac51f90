import { expect, test } from "vitest";
import type { ObjectStore, Stream } from "../flow/ports.ts";
import { temporaryFolder } from "../../test/harness/product.ts";
import { fileStore } from "../files/file-store.ts";
import { removeExpired } from "./retention-job.ts";

const KEYS = [
  "raw/r1.body",
  "raw/r1.json",
  "clean/a.ndjson.gz",
  "rejected/a.ndjson.gz",
  "lake/a.parquet",
  "manifests/a.json",
];
const stream = { name: "none" } as Stream;
const A_DAY_FROM_NOW = () => ({ retention_days: 1, now_s: Date.now() / 1000 + 86_400 + 60 });

async function filled(): Promise<ObjectStore> {
  const objects = fileStore(await temporaryFolder());
  for (const key of KEYS) await objects.put(key, Buffer.from("x"));
  return objects;
}
async function left(objects: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list("")) keys.push(key);
  return keys;
}
const database = (ping: () => Promise<void>) => {
  const expired: number[] = [];
  return {
    expired,
    database: { sink: { ping }, ledger: { expire: async (limit: number) => expired.push(limit) } },
  };
};

test("what is older than the retention goes, objects and rows; door records and manifests are counted for ever", async () => {
  const objects = await filled();
  const of = database(async () => {});
  await removeExpired(
    { pool: undefined, objects, stream, database: of.database },
    { retention_days: 1, now_s: Date.now() / 1000 },
  );
  expect(await left(objects)).toEqual([...KEYS].sort());
  await removeExpired({ pool: undefined, objects, stream, database: of.database }, A_DAY_FROM_NOW());
  expect(await left(objects)).toEqual(["manifests/a.json", "raw/r1.json"]);
  expect(of.expired).toHaveLength(2);
});

test("nothing is removed while the database is down: it tells what was loaded", async () => {
  const objects = await filled();
  const of = database(() => Promise.reject(new Error("down")));
  const world = { pool: undefined, objects, stream, database: of.database };
  await expect(removeExpired(world, A_DAY_FROM_NOW())).rejects.toThrow("down");
  expect(await left(objects)).toHaveLength(KEYS.length);
});

test("what another keeps is left alone", async () => {
  const world = { pool: undefined, objects: undefined, stream, database: undefined };
  await removeExpired(world, A_DAY_FROM_NOW());
  const objects = await filled();
  await removeExpired({ ...world, objects }, A_DAY_FROM_NOW());
  expect(await left(objects)).toHaveLength(2);
});
