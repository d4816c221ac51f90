import { describe, expect, test } from "vitest";
import type { Stream, StreamRecord } from "../../src/flow/ports.ts";

const record = (partition_key: string, text: string) => ({ partition_key, data: Buffer.from(text), rows: 1 });
const keys = ["a", "b", "c", "d", "e", 'quote"{}', "é"];

async function readAll(stream: Stream, shard: string, limit = 7): Promise<StreamRecord[]> {
  const all: StreamRecord[] = [];
  for (let after: string | null = null; ;) {
    const { records } = await stream.read(shard, after, limit);
    all.push(...records);
    const last = records.at(-1);
    if (last === undefined) return all;
    after = last.sequence_number;
  }
}

/** The laws of `Stream`. `make` opens an empty stream with several shards. */
export function streamLaws(name: string, make: () => Promise<Stream>): void {
  describe(`${name} as a stream`, () => {
    test("yields every record once and unchanged to a reader that starts at the oldest", async () => {
      const stream = await make();
      const sent = Array.from({ length: 60 }, (_, i) => record(keys[i % keys.length] ?? "", `record ${i}`));
      const results = await stream.put(sent);
      expect(results.every((result) => "sequence_number" in result)).toBe(true);
      const read: string[] = [];
      for (const { id } of await stream.shards())
        read.push(...(await readAll(stream, id)).map(({ data }) => Buffer.from(data).toString()));
      expect(read.sort()).toEqual(sent.map(({ data }) => data.toString()).sort());
    });
    test("keeps records of one key in one shard, with growing sequence numbers in the order of puts", async () => {
      const stream = await make();
      for (let i = 0; i < 10; i++) await stream.put(keys.map((key) => record(key, `${i}`)));
      const shardOf = new Map<string, string>();
      for (const { id } of await stream.shards()) {
        const records = await readAll(stream, id);
        const numbers = records.map(({ sequence_number }) => BigInt(sequence_number));
        expect(numbers).toEqual([...numbers].sort((a, b) => (a < b ? -1 : 1)));
        expect(new Set(numbers).size).toBe(numbers.length);
        for (const { partition_key } of records) {
          expect(shardOf.get(partition_key) ?? id).toBe(id);
          shardOf.set(partition_key, id);
        }
        for (const key of keys) {
          const order = records
            .filter(({ partition_key }) => partition_key === key)
            .map(({ data }) => Number(Buffer.from(data).toString()));
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }
      expect(shardOf.size).toBe(keys.length);
    });
    test("never yields a later record before an earlier one, also with concurrent writers", async () => {
      const stream = await make();
      const shards = await stream.shards();
      const seen = new Map(shards.map(({ id }) => [id, [] as string[]]));
      let writing = true;
      const writers = Promise.all(
        Array.from({ length: 6 }, async (_, w) => {
          for (let i = 0; i < 25; i++) await stream.put(keys.map((key) => record(key, `${w} ${i}`)));
        }),
      ).then(() => (writing = false));
      const follow = async (): Promise<void> => {
        for (const { id } of shards) {
          const numbers = seen.get(id) ?? [];
          const { records } = await stream.read(id, numbers.at(-1) ?? null, 50);
          numbers.push(...records.map(({ sequence_number }) => sequence_number));
        }
      };
      while (writing) await follow();
      await writers;
      for (let i = 0; i < 40; i++) await follow();
      for (const { id } of shards)
        expect(seen.get(id)).toEqual((await readAll(stream, id, 1_000)).map(({ sequence_number }) => sequence_number));
      expect([...seen.values()].flat()).toHaveLength(6 * 25 * keys.length);
    });
    test("wakes a reader when a record arrives, or after the time limit", async () => {
      const stream = await make();
      const { signal } = new AbortController();
      const waiting = stream.arrival(30_000, signal);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await stream.put([record("a", "x")]);
      await waiting;
      await stream.arrival(10, signal);
    });
  });
}
