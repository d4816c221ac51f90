import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { compact, readLakeFile } from "../../src/flow/lake/compact.ts";
import { flightline, newPlace, temporaryFolder, type Place } from "../harness/product.ts";
import { worldOf } from "./api-world.ts";

/**
 * Recorded real flights, which their licence keeps out of the repository: looked for beside it, or where
 * FLIGHTLINE_RECORDED says. Without them these checks are not run, and that is said.
 */
const folder = process.env["FLIGHTLINE_RECORDED"] ?? path.resolve("../shared/data");
const isThere = existsSync(folder);

interface Recording {
  file: string;
  accepted: number;
  flags?: Record<string, number>;
}

const recordings: readonly (Recording & { year: string })[] = [
  { year: "2017", file: "", accepted: 2_039 },
  {
    year: "2022",
    file: "",
    accepted: 4_181,
    flags: { stale_position: 118, bad_callsign: 5, altitudes_differ: 3, ground_suspect: 2 },
  },
  {
    year: "2025",
    file: "",
    accepted: 10_704,
    flags: {
      stale_position: 374,
      altitudes_differ: 30,
      bad_baro_altitude: 5,
      bad_callsign: 4,
      ground_suspect: 3,
      fast: 2,
      emergency: 2,
      bad_geo_altitude: 1,
      bad_vertical_rate: 1,
      bad_velocity: 1,
    },
  },
];
const series = (): string[] =>
  readdirSync(path.join(folder, "series"))
    .sort()
    .map((name) => path.join(folder, "series", name));
const sorted = (of: Record<string, number>) => Object.fromEntries(Object.entries(of).sort());
const whole = {
  received: 84_563,
  accepted: 80_140,
  duplicate: 4_423,
  rejected: 0,
  pending: 0,
  stored: 80_140,
  balanced: true,
};

const checks: { name: string; run: () => Promise<void> }[] = [
  ...recordings.map((of) => ({
    name: `the OpenSky file of ${of.year} cleans to ${of.accepted} rows, the same in three formats`,
    run: () => cleansTo(of),
  })),
  {
    name: "the series through Flow 2 is 84,563 = 80,140 + 4,423, and once more nothing but duplicates",
    run: streamsSeries,
  },
  { name: "the series through Flow 1 is the same, and once more nothing but repeats", run: ingestsSeries },
];

if (isThere) for (const { name, run } of checks) test(name, { timeout: 240_000 }, run);
else
  test("checks on recorded data are not run for want of it", () => {
    console.log(
      `${checks.length} checks on recorded data were not run: there is no recorded data beside the repository`,
    );
    expect(checks).toHaveLength(5);
  });

async function cleansTo({ year, accepted, flags }: Recording & { year: string }): Promise<void> {
  const opensky = path.join(folder, "opensky");
  const file = path.join(opensky, readdirSync(opensky).find((name) => name.includes(year)) ?? "");
  const out = await temporaryFolder();
  for (const format of ["parquet", "ndjson", "csv"]) {
    const { stdout } = await flightline(["clean", file, "--out", out, "--format", format, "--json"]);
    const total = JSON.parse(stdout) as { flags: Record<string, number> };
    expect(total).toMatchObject({ accepted, rejected: {} });
    if (flags !== undefined) expect(sorted(total.flags)).toEqual(sorted(flags));
  }
  const connection = await (await DuckDBInstance.create()).connect();
  const parquet = `select * from '${out}/state_vectors.parquet'`;
  const ndjson = `select * from read_json('${out}/state_vectors.ndjson', format = 'newline_delimited')`;
  for (const pair of [`(${parquet}) except (${ndjson})`, `(${ndjson}) except (${parquet})`])
    expect((await connection.runAndReadAll(pair)).getRows()).toEqual([]);
  const csv = `select icao24, last_contact, round(longitude, 9) from read_csv('${out}/state_vectors.csv', types = {'icao24': 'VARCHAR'})`;
  const same = `select icao24, last_contact, round(longitude, 9) from '${out}/state_vectors.parquet'`;
  expect((await connection.runAndReadAll(`(${same}) except (${csv})`)).getRows()).toEqual([]);
  connection.closeSync();
}

async function run(place: Place, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await flightline([...args, "--data", place.data], { env: place.env });
  expect([args[0], code, stderr]).toEqual([args[0], 0, ""]);
  return stdout;
}

const countsOf = async (place: Place) =>
  (JSON.parse(await run(place, "flows", "--json")) as { flows: Record<string, unknown>[] }).flows;

async function streamsSeries(): Promise<void> {
  const place = await newPlace();
  await run(place, "produce", ...series());
  await run(place, "consume", "--until-empty");
  expect((await countsOf(place))[1]).toMatchObject(whole);
  const { objects } = await worldOf(place);
  await compact(objects, { format: "parquet", now_s: Date.now() / 1000 });
  let rows = 0;
  for await (const { key } of objects.list("lake/")) rows += (await readLakeFile(objects, key)).batch.rows;
  expect(rows).toBe(whole.accepted);
  await run(place, "produce", ...series());
  await run(place, "consume", "--until-empty");
  expect((await countsOf(place))[1]).toMatchObject({ ...whole, received: 2 * 84_563, duplicate: 84_563 + 4_423 });
}

async function ingestsSeries(): Promise<void> {
  const place = await newPlace();
  await run(place, "ingest", ...series());
  expect((await countsOf(place))[0]).toMatchObject(whole);
  await run(place, "ingest", ...series());
  expect((await countsOf(place))[0]).toMatchObject(whole);
}
