import { expect, test } from "vitest";
import { NotAnsweredError } from "../../src/flow/errors.ts";
import type { DatabasePorts, Reader } from "../../src/flow/ports.ts";
import type { StoredRow } from "../../src/flow/queries.ts";
import { goodRow } from "../harness/bodies.ts";
import { batchWrite, icao24Of, RECEIVED_AT } from "./writes.ts";

/** Differences that are allowed between readers. */
export interface ReaderTraits {
  /** Without transactions, each delivery is stored as a batch with the delivery's id. */
  batch_is_delivery?: boolean;
  /** The history can be queried for one aircraft only. */
  history_of_one?: boolean;
}

export function readerOf({ reader }: DatabasePorts): Reader {
  if (reader === null) throw new Error("this database has no reader");
  return reader;
}

/** The laws of `Reader`. `make` opens an empty database. */
export function readerLaws(
  make: () => Promise<DatabasePorts>,
  { batch_is_delivery = false, history_of_one = false }: ReaderTraits,
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
