import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/harness/product.ts";
import { fileStore } from "../files/file-store.ts";
import type { ObjectStore, Stream } from "../flow/ports.ts";
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

test("expired objects and rows are removed, but receipts and manifests stay because they are always counted", async () => {
  const objects = await filled();
  const expiring = database(async () => {});
  await removeExpired(
    { pool: undefined, objects, stream, database: expiring.database },
    { retention_days: 1, now_s: Date.now() / 1000 },
  );
  expect(await left(objects)).toEqual([...KEYS].sort());
  await removeExpired({ pool: undefined, objects, stream, database: expiring.database }, A_DAY_FROM_NOW());
  expect(await left(objects)).toEqual(["manifests/a.json", "raw/r1.json"]);
  expect(expiring.expired).toHaveLength(2);
});

test("nothing is removed while the database is down", async () => {
  const objects = await filled();
  const down = database(() => Promise.reject(new Error("down")));
  const ports = { pool: undefined, objects, stream, database: down.database };
  await expect(removeExpired(ports, A_DAY_FROM_NOW())).rejects.toThrow("down");
  expect(await left(objects)).toHaveLength(KEYS.length);
});

test("stores with another retention are left alone", async () => {
  const ports = { pool: undefined, objects: undefined, stream, database: undefined };
  await removeExpired(ports, A_DAY_FROM_NOW());
  const objects = await filled();
  await removeExpired({ ...ports, objects }, A_DAY_FROM_NOW());
  expect(await left(objects)).toHaveLength(2);
});
