import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { compact, readLakeFile } from "../../src/flow/lake/compact.ts";
import { flightline, newInstallation, temporaryFolder, type TestInstallation } from "../harness/product.ts";
import { adaptersOf } from "./api-under-test.ts";

/**
 * Recorded real flights. Their license does not allow copies in the repository, so they are in the folder
 * FLIGHTLINE_TEST_RECORDED, or in ../shared/data. Without them these checks do not run, and the test prints this.
 */
const folder = process.env["FLIGHTLINE_TEST_RECORDED"] ?? path.resolve("../shared/data");
const hasRecordings = existsSync(folder);

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
const sorted = (counts: Record<string, number>) => Object.fromEntries(Object.entries(counts).sort());
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
  ...recordings.map((recording) => ({
    name: `the OpenSky file of ${recording.year} cleans to ${recording.accepted} rows, the same in three formats`,
    run: () => cleansTo(recording),
  })),
  {
    name: "the series through Flow 2 is 84,563 = 80,140 + 4,423 rows, and a second time only duplicates",
    run: streamsSeries,
  },
  { name: "the series through Flow 1 has the same counts, and a second time only repeats", run: ingestsSeries },
];

if (hasRecordings) for (const { name, run } of checks) test(name, { timeout: 240_000 }, run);
else
  test("checks on recorded data do not run without the data", () => {
    console.log(`${checks.length} checks did not run: ${folder} does not exist. Set FLIGHTLINE_TEST_RECORDED`);
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

async function run(installation: TestInstallation, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await flightline([...args, "--data", installation.data], { env: installation.env });
  expect([args[0], code, stderr]).toEqual([args[0], 0, ""]);
  return stdout;
}

const countsOf = async (installation: TestInstallation) =>
  (JSON.parse(await run(installation, "flows", "--json")) as { flows: Record<string, unknown>[] }).flows;

async function streamsSeries(): Promise<void> {
  const installation = await newInstallation();
  await run(installation, "produce", ...series());
  await run(installation, "consume", "--until-empty");
  expect((await countsOf(installation))[1]).toMatchObject(whole);
  const { objects } = await adaptersOf(installation);
  await compact(objects, { format: "parquet", now_s: Date.now() / 1000 });
  let rows = 0;
  for await (const { key } of objects.list("lake/")) rows += (await readLakeFile(objects, key)).batch.rows;
  expect(rows).toBe(whole.accepted);
  await run(installation, "produce", ...series());
  await run(installation, "consume", "--until-empty");
  expect((await countsOf(installation))[1]).toMatchObject({
    ...whole,
    received: 2 * 84_563,
    duplicate: 84_563 + 4_423,
  });
}

async function ingestsSeries(): Promise<void> {
  const installation = await newInstallation();
  await run(installation, "ingest", ...series());
  expect((await countsOf(installation))[0]).toMatchObject(whole);
  await run(installation, "ingest", ...series());
  expect((await countsOf(installation))[0]).toMatchObject(whole);
}
