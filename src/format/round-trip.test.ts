import fc from "fast-check";
import { expect, test } from "vitest";
import { newBatch, rowAt, type Batch } from "../flight/batch.ts";
import { clean } from "../flight/clean.ts";
import { addRow } from "../flight/fill.ts";
import { parquetFile } from "./parquet-write.ts";
import { readStoredCsv, readStoredNdjson, readStoredParquet } from "./stored-read.ts";
import { writeCsv, writeNdjson } from "./text-write.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 4 });
const row = fc.record({
  icao24: fc.stringMatching(/^~?[0-9a-e]{6}$/),
  callsign: maybe(fc.stringMatching(/^[A-Z0-9]{1,8}$/)),
  origin_country: maybe(text),
  last_contact: fc.integer({ min: 1_000_000_000, max: 1_700_000_000 }),
  time_position: maybe(fc.integer({ min: 1_000_000_000, max: 1_700_000_000 })),
  longitude: maybe(fc.double({ min: -180, max: 180, noNaN: true })),
  latitude: maybe(fc.double({ min: -89, max: 89, noNaN: true })),
  baro_altitude: maybe(fc.double({ min: -500, max: 15_000, noNaN: true })),
  on_ground: fc.boolean(),
  velocity: maybe(fc.double({ min: 0, max: 1_000, noNaN: true })),
  squawk: maybe(fc.stringMatching(/^[0-7]{4}$/)),
  category: maybe(fc.integer({ min: 0, max: 20 })),
});

const rowsOf = (batch: Batch): unknown[] => Array.from({ length: batch.rows }, (_, i) => rowAt(batch, i));

test("rows that are written as NDJSON, CSV or Parquet are read back unchanged", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const batch = newBatch(16);
  const origin = { source: "opensky", received_at: 1_800_000_000, delivery: 0 };
  for (const raw of fc.sample(row, { numRuns: 3_000, seed })) addRow(batch, raw, origin, 0);
  clean(batch);
  expect(batch.rows).toBeGreaterThan(2_000);
  const expected = rowsOf(batch);
  const stored = { batch, received_at: true };
  expect(rowsOf(readStoredNdjson(Buffer.concat([...writeNdjson(stored)])).batch)).toEqual(expected);
  expect(rowsOf(readStoredCsv(Buffer.concat([...writeCsv(stored)])).batch)).toEqual(expected);
  const parquet = parquetFile(stored);
  parquet.write(stored);
  parquet.finish();
  expect(rowsOf((await readStoredParquet(parquet.take())).batch)).toEqual(expected);
});
