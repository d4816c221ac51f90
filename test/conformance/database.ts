import { describe, expect, test } from "vitest";
import type { DatabasePorts } from "../../src/flow/ports.ts";
import { goodRow } from "../harness/bodies.ts";
import { readerLaws, readerOf, type ReaderTraits } from "./reader.ts";
import { batchWrite, icao24Of, nameOf, RECEIVED_AT } from "./writes.ts";

/** Differences that are allowed between databases. */
export interface Traits extends ReaderTraits {
  /** Only files are kept: there is nothing to query, ledger rows never change, and duplicates between deliveries count. */
  files_only?: boolean;
}

const stream = async (database: DatabasePorts) =>
  (await database.ledger.totals({ since: 0, verify: true })).flows.stream;

/** The laws of `Sink`, `Ledger` and `Reader`. `make` opens an empty database. */
export function databaseLaws(name: string, make: () => Promise<DatabasePorts>, traits: Traits = {}): void {
  describe(`${name} as a sink`, () => sinkLaws(make, traits));
  describe(`${name} as a ledger`, () => ledgerLaws(make, traits));
  if (traits.files_only !== true) {
    describe(`${name} as a sink with rows`, () => newestRowLaws(make));
    describe(`${name} as a reader`, () => readerLaws(make, traits));
  } else
    test(`${name} have no reader`, async () => {
      expect((await make()).reader).toBeNull();
    });
}

function sinkLaws(make: () => Promise<DatabasePorts>, { files_only = false }: Traits): void {
  const stored = (rows: number) => (files_only ? null : rows);
  test("applies a delivery once, also when it is redelivered in another batch", async () => {
    const database = await make();
    const [first, second] = [
      { id: "s1", rows: [goodRow()] },
      { id: "s2", rows: [goodRow({ icao24: "3c6445" })] },
    ];
    expect(await database.sink.apply(batchWrite("b1", [first]))).toEqual({
      received: 1,
      accepted: 1,
      duplicate: 0,
      rejected: 0,
      repeats: 0,
    });
    expect(await database.sink.apply(batchWrite("b1", [first]))).toMatchObject({ received: 0, repeats: 1 });
    expect(await database.sink.apply(batchWrite("b2", [first, second]))).toMatchObject({
      received: 1,
      accepted: 1,
      repeats: 1,
    });
    expect(await database.sink.apply(batchWrite("b3", [second, second]))).toMatchObject({ received: 0, repeats: 2 });
    expect(await stream(database)).toMatchObject({
      received: 2,
      accepted: 2,
      stored: stored(2),
      repeats: files_only ? 0 : 4,
      unbalanced: [],
    });
    expect(await database.sink.delivered(["s1", "s2", "s3"].map(nameOf))).toEqual(new Set(["s1", "s2"]));
  });
  test("applies a delivery once, also when several writers apply it at the same time", async () => {
    const database = await make();
    const deliveries = Array.from({ length: 8 }, (_, i) => ({
      id: `s${i}`,
      rows: [goodRow({ icao24: icao24Of(i) }), goodRow()],
    }));
    const applied = await Promise.all(
      [0, 1, 2, 3].map((i) =>
        database.sink.apply(batchWrite(`b${i}`, i % 2 === 0 ? deliveries : [...deliveries].reverse())),
      ),
    );
    expect(applied.reduce((sum, { received }) => sum + received, 0)).toBe(16);
    expect(await stream(database)).toMatchObject({
      received: 16,
      accepted: files_only ? 16 : 9,
      duplicate: files_only ? 0 : 7,
      stored: stored(9),
      repeats: files_only ? 0 : 48,
      unbalanced: [],
    });
  });
  test("counts each received row as accepted, duplicate or rejected", async () => {
    const database = await make();
    const rows = [goodRow(), goodRow(), goodRow({ time_position: null, longitude: null, latitude: null })];
    const counts = await database.sink.apply(
      batchWrite("b1", [{ id: "s1", rows, rejected: { not_json: 2, bad_icao24: 1 } }]),
    );
    expect(counts).toEqual({ received: 6, accepted: 2, duplicate: 1, rejected: 3, repeats: 0 });
    expect(await database.ledger.batch(nameOf("s1"))).toMatchObject({
      received: 6,
      accepted: 2,
      duplicate: 1,
      rejected: { not_json: 2, bad_icao24: 1 },
    });
    expect(await database.ledger.batch(nameOf("s9"))).toBeNull();
    expect(await stream(database)).toMatchObject({ reasons: { not_json: 2, bad_icao24: 1 } });
  });
}

function newestRowLaws(make: () => Promise<DatabasePorts>): void {
  test("names the batch of a stored row", async () => {
    const database = await make();
    await database.sink.apply(batchWrite("b1", [{ id: "s1", rows: [goodRow()], rejected: { not_json: 2 } }]));
    const [row] = await readerOf(database).aircraft({ limit: 1 });
    expect(await database.ledger.batch(nameOf(String(row?.["batch_id"])))).toMatchObject({ received: 3 });
  });
  test("keeps the newest row of an aircraft in any order of arrival", async () => {
    const at = (last_contact: number, time_position: number | null) =>
      goodRow({ last_contact, time_position, ...(time_position === null ? { longitude: null, latitude: null } : {}) });
    const rows = [
      at(1_700_000_100, null),
      at(1_700_000_100, 1_700_000_090),
      at(1_700_000_050, 1_700_000_050),
      at(1_700_000_100, 1_700_000_080),
    ];
    for (const turn of [0, 1, 2, 3]) {
      const database = await make();
      for (let i = 0; i < 4; i++)
        await database.sink.apply(batchWrite(`b${i}`, [{ id: `s${i}`, rows: [rows[(i + turn) % 4] ?? {}] }]));
      const [newest] = await readerOf(database).aircraft({ limit: 10 });
      expect(newest).toMatchObject({ last_contact: 1_700_000_100, time_position: 1_700_000_090 });
      expect(await readerOf(database).states({ limit: 10, icao24: "3c6444" })).toHaveLength(4);
    }
  });
}

function ledgerLaws(make: () => Promise<DatabasePorts>, { files_only = false }: Traits): void {
  test("sums the ledger as it was at a past time", async () => {
    const database = await make();
    const before = Date.now() / 1000 - 60;
    await database.sink.apply(
      batchWrite("b1", [{ id: "s1", rows: [goodRow(), goodRow()], rejected: { not_json: 3 } }]),
    );
    const after = Date.now() / 1000 + 60;
    const sums = { received: 5, accepted: 1, duplicate: 1, rejected: 3, reasons: { not_json: 3 }, stored: null };
    expect((await database.ledger.past(after)).stream).toMatchObject(sums);
    expect((await database.ledger.past(before)).stream).toMatchObject({ received: 0, reasons: {} });
  });
  test("counts rows that expire, so that ledger and tables still agree", async () => {
    const database = await make();
    await database.sink.apply(batchWrite("b1", [{ id: "s1", rows: [goodRow(), goodRow({ icao24: "3c6445" })] }]));
    expect(await database.ledger.expire(RECEIVED_AT)).toBe(0);
    expect(await database.ledger.expire(RECEIVED_AT + 1)).toBe(files_only ? 0 : 2);
    const after = files_only ? { stored: null, expired: 0 } : { stored: 0, expired: 2 };
    expect(await stream(database)).toMatchObject({ accepted: 2, unbalanced: [], ...after });
    expect(await database.sink.apply(batchWrite("b2", [{ id: "s1", rows: [goodRow()] }]))).toMatchObject({
      received: 0,
      repeats: 1,
    });
  });
}
