import { describe, expect, test } from "vitest";
import { newBatch, type Batch } from "../../src/flight/batch.ts";
import { clean } from "../../src/flight/clean.ts";
import { addRow } from "../../src/flight/fill.ts";
import { NotAnsweredError } from "../../src/flow/errors.ts";
import type { BatchWrite, DatabasePorts, Flow, Reader } from "../../src/flow/ports.ts";
import type { StoredRow } from "../../src/flow/queries.ts";
import { goodRow } from "../harness/bodies.ts";

/** A delivery with its rows, and the numbers of its rejected rows by reason. */
export interface DeliveryRows {
  id: string;
  rows: readonly Record<string, unknown>[];
  rejected?: Record<string, number>;
}

const RECEIVED_AT = 1_800_000_000;

/** A write as the flows build it. Its batch may contain an identity more than once. */
export function batchWrite(
  batch_id: string,
  deliveriesRows: readonly DeliveryRows[],
  flow: Flow = "stream",
): BatchWrite {
  const batch: Batch = newBatch(64);
  deliveriesRows.forEach(({ rows }, delivery) =>
    rows.forEach((row, ordinal) =>
      addRow(batch, row, { source: "opensky", received_at: RECEIVED_AT, delivery }, ordinal),
    ),
  );
  clean(batch);
  const deliveries = deliveriesRows.map(({ id, rows, rejected = {} }) => ({
    id,
    received_at: RECEIVED_AT,
    rejected,
    rows: rows.length + Object.values(rejected).reduce((sum, n) => sum + n, 0),
  }));
  return { flow, batch_id, contract: "00000000", arrived_at: RECEIVED_AT, deliveries, batch };
}

const nameOf = (id: string) => ({ id, received_at: RECEIVED_AT });
const icao24Of = (n: number): string => n.toString(16).padStart(6, "a");
const stream = async (database: DatabasePorts) =>
  (await database.ledger.totals({ since: 0, verify: true })).flows.stream;

/** Differences that are allowed between databases. */
export interface Traits {
  /** Without transactions, each delivery is stored as a batch with the delivery's id. */
  batch_is_delivery?: boolean;
  /** The history can be queried for one aircraft only. */
  history_of_one?: boolean;
  /** Only files are kept: there is nothing to query, ledger rows never change, and duplicates between deliveries count. */
  files_only?: boolean;
}

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

function readerOf({ reader }: DatabasePorts): Reader {
  if (reader === null) throw new Error("this database has no reader");
  return reader;
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

function readerLaws(
  make: () => Promise<DatabasePorts>,
  { batch_is_delivery = false, history_of_one = false }: Traits,
): void {
  test("reads aircraft by address, by part of an address or callsign, and by box, also across the antimeridian", async () => {
    const database = await make();
    const aircraft: [string, string, number, number][] = [
      ["000001", "AAL1", 179.5, 10],
      ["000002", "BAW_2", -179.5, 10],
      ["000003", "CCA3", 0, 10],
    ];
    const rows = aircraft.map(([icao24, callsign, longitude, latitude]) =>
      goodRow({ icao24, callsign: callsign.replace("_", ""), longitude, latitude }),
    );
    await database.sink.apply(batchWrite("b1", [{ id: "s1", rows }]));
    const ids = (read: readonly StoredRow[]) => read.map(({ icao24 }) => icao24);
    const limit = 10;
    expect(ids(await readerOf(database).aircraft({ limit }))).toEqual(["000001", "000002", "000003"]);
    expect(ids(await readerOf(database).aircraft({ limit, icao24: "000002" }))).toEqual(["000002"]);
    expect(ids(await readerOf(database).aircraft({ limit, search: "cca" }))).toEqual(["000003"]);
    expect(ids(await readerOf(database).aircraft({ limit, search: "%" }))).toEqual([]);
    expect(ids(await readerOf(database).aircraft({ limit, search: "_" }))).toEqual([]);
    expect(
      ids(await readerOf(database).aircraft({ limit, box: { lamin: 0, lamax: 20, lomin: 179, lomax: -179 } })),
    ).toEqual(["000001", "000002"]);
    const history = readerOf(database).states({ limit, box: { lamin: 0, lamax: 20, lomin: 179, lomax: -179 } });
    if (history_of_one) await expect(history).rejects.toThrow(NotAnsweredError);
    else expect(ids(await history)).toEqual(["000001", "000002"]);
    expect(
      ids(await readerOf(database).aircraft({ limit, batch_ids: [batch_is_delivery ? "s1" : "b1"] })),
    ).toHaveLength(3);
    expect(await readerOf(database).aircraft({ limit, batch_ids: ["b2"] })).toEqual([]);
  });
  test("thins the history of an aircraft to the first row of each source in each interval", async () => {
    const database = await make();
    const at = (seconds: number[]) =>
      seconds.map((s) => goodRow({ last_contact: 1_700_000_100 + s, time_position: 1_700_000_100 }));
    const rows = at([0, 1, 9, 10, 11, 35]);
    await database.sink.apply(batchWrite("b1", [{ id: "s1", rows }]));
    const thinned = await readerOf(database).states({ limit: 10, icao24: "3c6444", every: 10 });
    expect(thinned.map((row) => Number(row["last_contact"]) - 1_700_000_100)).toEqual([0, 10, 35]);
  });
  test("reads the aircraft as they were at a past time, or refuses if it keeps no order by time", async () => {
    const database = await make();
    const at = (icao24: string, seconds: number, longitude: number) =>
      goodRow({ icao24, last_contact: 1_700_000_000 + seconds, time_position: 1_700_000_000, longitude });
    const rows = [at("000001", 0, 1), at("000001", 100, 2), at("000001", 200, 3), at("000002", 150, 4)];
    await database.sink.apply(batchWrite("b1", [{ id: "s1", rows }]));
    const past = (seconds: number, more = {}) =>
      readerOf(database).aircraft({ at: 1_700_000_000 + seconds, limit: 10, ...more });
    if (history_of_one) {
      await expect(past(150)).rejects.toThrow(NotAnsweredError);
      return;
    }
    const seen = async (seconds: number, more = {}) =>
      (await past(seconds, more)).map(({ icao24, longitude }) => [icao24, longitude]);
    expect(await seen(99)).toEqual([["000001", 1]]);
    expect(await seen(150)).toEqual([
      ["000001", 2],
      ["000002", 4],
    ]);
    expect(await seen(451)).toEqual([["000001", 3]]);
    // A box contains the aircraft that were in it at that time, not those that had been in it before
    expect(await seen(150, { box: { lamin: -90, lamax: 90, lomin: 0, lomax: 1.5 } })).toEqual([]);
  });
  test("pages through the history without loss or repetition", async () => {
    const database = await make();
    const rows = Array.from({ length: 23 }, (_, i) =>
      goodRow({
        icao24: icao24Of(history_of_one ? 0 : i % 5),
        // The rows cross midnight
        last_contact: 1_700_006_390 + (history_of_one ? i : Math.floor(i / 5)),
        time_position: null,
        longitude: null,
        latitude: null,
      }),
    );
    await database.sink.apply(batchWrite("b1", [{ id: "s1", rows }]));
    const read: string[] = [];
    let after: StoredRow | undefined;
    do {
      const filter = history_of_one ? { icao24: icao24Of(0) } : {};
      const page = await readerOf(database).states({
        limit: 4,
        ...filter,
        ...(after === undefined ? {} : { after: after as never }),
      });
      read.push(...page.map(({ icao24, last_contact }) => `${icao24} ${last_contact}`));
      after = page.at(-1);
    } while (after !== undefined);
    expect(read).toHaveLength(23);
    expect(new Set(read).size).toBe(23);
  });
  test("reads rows as they were applied, with members in the record's order", async () => {
    const database = await make();
    await database.sink.apply(batchWrite("b1", [{ id: "s1", rows: [goodRow({ squawk: "7700" })] }]));
    const [row] = await readerOf(database).states({ limit: 1, icao24: "3c6444" });
    expect(row).toEqual({
      source: "opensky",
      ...goodRow({ squawk: "7700" }),
      flags: "emergency",
      received_at: RECEIVED_AT,
      batch_id: batch_is_delivery ? "s1" : "b1",
    });
    expect(Object.keys(row ?? {}).slice(0, 3)).toEqual(["source", "icao24", "callsign"]);
  });
}
