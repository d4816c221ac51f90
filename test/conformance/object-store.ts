import { describe, expect, test } from "vitest";
import { BadKeyError } from "../../src/flow/errors.ts";
import type { ObjectStore } from "../../src/flow/ports.ts";

const bytes = (text: string): Buffer => Buffer.from(text);
const badKeys = [
  "",
  "/",
  "a//b",
  "../a",
  "a/../b",
  "a/./b",
  "%2e%2e%2fa",
  "a\\b",
  "a\u0000b",
  "a b",
  "é",
  ".hidden",
  "a".repeat(2_000),
];

async function listed(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** A store. `leave` writes an object under any name, as another program could. */
export type OpenStore = ObjectStore & { leave(name: string): Promise<unknown> };

/** The laws of `ObjectStore`. `make` opens an empty store. */
export function objectStoreLaws(name: string, make: () => Promise<OpenStore>): void {
  describe(`${name} as an object store`, () => {
    test("creates a key once and never changes its object", async () => {
      const store = await make();
      expect(await store.put("a/b", bytes("1"))).toBe("created");
      expect(await store.put("a/b", bytes("2"))).toBe("exists");
      expect(Buffer.from((await store.get("a/b")) ?? "")).toEqual(bytes("1"));
    });
    test("lets one of several concurrent writers create a key, and keeps its body", async () => {
      const store = await make();
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.put("k", bytes(`body ${i}`.repeat(1_000)))),
      );
      expect(results.filter((result) => result === "created")).toHaveLength(1);
      const winner = results.indexOf("created");
      expect(Buffer.from((await store.get("k")) ?? "").toString()).toBe(`body ${winner}`.repeat(1_000));
    });
    test("returns null for a missing key, and deletes it without an error", async () => {
      const store = await make();
      expect(await store.get("none")).toBeNull();
      await store.delete("none");
      await store.put("some", bytes("x"));
      await store.delete("some");
      expect(await store.get("some")).toBeNull();
      expect(await store.put("some", bytes("y"))).toBe("created");
    });
    test("lists every key with a prefix in byte order, with size and time", async () => {
      const store = await make();
      const keys = ["a-b", "a/b.c/d", "a/b/c", "a/bc", "a0", "b", "a/B", "a/_"];
      for (const key of keys) await store.put(key, bytes(key));
      expect(await listed(store, "")).toEqual([...keys].sort());
      expect(await listed(store, "a/")).toEqual(keys.filter((key) => key.startsWith("a/")).sort());
      expect(await listed(store, "a/b")).toEqual(["a/b.c/d", "a/b/c", "a/bc"]);
      expect(await listed(store, "zzz")).toEqual([]);
      for await (const { key, size, modified } of store.list("b")) {
        expect([key, size]).toEqual(["b", 1]);
        expect(Math.abs(modified - Date.now() / 1000)).toBeLessThan(60);
      }
    });
    test("lists keys that exist throughout exactly once, while others are added", async () => {
      const store = await make();
      const stable = Array.from({ length: 50 }, (_, i) => `s/${String(2 * i).padStart(3, "0")}`);
      for (const key of stable) await store.put(key, bytes("s"));
      const keys: string[] = [];
      for await (const { key } of store.list("s/")) {
        keys.push(key);
        await store.put(`s/${String(2 * keys.length + 1).padStart(3, "0")}`, bytes("n"));
      }
      expect(keys.filter((key) => stable.includes(key))).toEqual(stable);
    });
    test("skips objects of other programs whose names are not keys", async () => {
      const store = await make();
      for (const name of ["lake/.spark-staging-1/day=1/part-0", "lake/hour=15_$folder$", "lake/.part-0.crc"])
        await store.leave(name);
      await store.put("lake/day=1/part-0", bytes("x"));
      expect(await listed(store, "")).toEqual(["lake/day=1/part-0"]);
      expect(await listed(store, "lake/")).toEqual(["lake/day=1/part-0"]);
    });
    test.each(badKeys)("refuses the key %j", async (key) => {
      const store = await make();
      await expect(store.put(key, bytes("x"))).rejects.toThrow(BadKeyError);
      await expect(store.get(key)).rejects.toThrow(BadKeyError);
      expect(await listed(store, "")).toEqual([]);
    });
  });
}
