import { expect, test } from "vitest";
import { goodRow } from "../../../test/harness/bodies.ts";
import { rowAt } from "../../flight/batch.ts";
import { decodeChunk } from "../../format/chunk.ts";
import { readRejected, type RejectedRow } from "../request/rejected.ts";
import { streamingCleaner } from "./streaming-cleaner.ts";

const icao24 = (n: number): string => (0x3c0000 + n).toString(16);
/** Rows that break a rule, good rows, and lines that cannot be decoded, in turns. */
const lineOf = (n: number): string =>
  ["{}", JSON.stringify(goodRow({ icao24: icao24(n) })), "no row", `[${n}]`][n % 4] ?? "";
const chunk = (from: number, to: number): Buffer =>
  Buffer.from(Array.from({ length: to - from }, (_, i) => lineOf(from + i)).join("\n"));

async function cleaned(piece_rows: number) {
  const cleaner = streamingCleaner(piece_rows);
  for (const [delivery, [from, to]] of [[0, 150] as const, [150, 160] as const, [160, 1_000] as const].entries())
    decodeChunk(chunk(from, to), { source: "opensky", received_at: 1_750_000_100, delivery }, cleaner.into);
  const received = cleaner.received();
  const { batch, rejected } = cleaner.end();
  const rows: Record<number, RejectedRow[]> = {};
  for (const [delivery, buffer] of rejected) {
    rows[delivery] = [];
    for await (const row of readRejected(buffer.body())) rows[delivery].push(row);
  }
  return {
    received,
    accepted: Array.from({ length: batch.rows }, (_, i) => [
      batch.delivery[i],
      batch.ordinal[i],
      batch.received_at[i],
      rowAt(batch, i),
    ]),
    counts: [...rejected].map(([delivery, { counts }]) => [delivery, counts]),
    rows,
  };
}

test("the size of pieces changes neither accepted nor rejected rows", async () => {
  const whole = await cleaned(Infinity);
  expect(whole.received).toBe(1_000);
  expect(whole.accepted.length).toBe(250);
  expect(whole.rows[2]?.map(({ reason }) => reason).indexOf("bad_icao24")).toBe(420);
  for (const piece_rows of [1, 7, 100, 160, 999, 1_000]) expect(await cleaned(piece_rows)).toEqual(whole);
});

test("the rejected object is the same when it is built again, as after a sink was down", async () => {
  const cleaner = streamingCleaner(10);
  decodeChunk(chunk(0, 25), { source: "opensky", received_at: 1_750_000_100, delivery: 0 }, cleaner.into);
  const [rows] = cleaner.end().rejected.values();
  expect(rows?.body()).toEqual(rows?.body());
});
