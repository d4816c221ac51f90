import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { goodRow, simulatedBodies } from "../harness/bodies.ts";
import { flightline, temporaryFolder } from "../harness/product.ts";

async function filesWith(bodies: readonly Uint8Array[]): Promise<string[]> {
  const folder = await temporaryFolder();
  return Promise.all(
    bodies.map(async (body, i) => {
      const file = path.join(folder, `${i}.json`);
      await writeFile(file, body);
      return file;
    }),
  );
}

async function sql(statement: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create()).connect();
  const rows = (await connection.runAndReadAll(statement)).getRows();
  connection.closeSync();
  return rows;
}

test("writes the same rows as Parquet, NDJSON and CSV, and counts them", async () => {
  const files = await filesWith(await simulatedBodies(5));
  const out = await temporaryFolder();
  const totals: string[] = [];
  for (const format of ["parquet", "ndjson", "csv"]) {
    const args = [
      "clean",
      ...files,
      "--out",
      path.join(out, format),
      "--format",
      format,
      "--json",
      "--received-at",
      "1800000000",
    ];
    const { code, stdout } = await flightline(args);
    expect(code).toBe(0);
    totals.push(stdout);
  }
  expect(new Set(totals).size).toBe(1);
  const total = JSON.parse(totals[0] ?? "") as {
    received: number;
    accepted: number;
    duplicate: number;
    rejected: Record<string, number>;
  };
  const rejected = Object.values(total.rejected).reduce((sum, rows) => sum + rows, 0);
  expect(total.received).toBe(total.accepted + total.duplicate + rejected);
  const parquet = `select * from '${out}/parquet/state_vectors.parquet'`;
  const ndjson = `select * from read_json('${out}/ndjson/state_vectors.ndjson', format = 'newline_delimited')`;
  const csv = `select * from read_csv('${out}/csv/state_vectors.csv', header = true, nullstr = '', all_varchar = true)`;
  expect(await sql(`select count(*) from (${parquet})`)).toEqual([[BigInt(total.accepted)]]);
  const names = (await sql(`describe ${parquet}`)).map(([name]) => String(name));
  expect((await sql(`describe ${ndjson}`)).map(([name]) => name)).toEqual(names);
  expect((await sql(`describe ${csv}`)).map(([name]) => name)).toEqual(names);
  // CSV cannot distinguish empty text, such as flags, from null
  const texts = (from: string) =>
    `select ${names.map((name) => `coalesce(nullif(cast(${name} as varchar), ''), '') as ${name}`).join(", ")} from (${from})`;
  const numbers = (from: string) =>
    `select ${names.map((name) => (/altitude|itude|velocity|track|rate/.test(name) ? `try_cast(${name} as double) as ${name}` : `coalesce(cast(${name} as varchar), '') as ${name}`)).join(", ")} from (${from})`;
  for (const other of [ndjson, csv]) {
    expect(await sql(`(${numbers(texts(parquet))}) except (${numbers(texts(other))})`)).toEqual([]);
    expect(await sql(`(${numbers(texts(other))}) except (${numbers(texts(parquet))})`)).toEqual([]);
  }
}, 120_000);

test("leaves no output and exits 1 when one file cannot be decoded", async () => {
  const [good = ""] = await filesWith([Buffer.from(JSON.stringify([goodRow()]))]);
  const [bad = ""] = await filesWith([gzipSync("[]").subarray(0, 10)]);
  const out = path.join(await temporaryFolder(), "out");
  const { code, stderr } = await flightline(["clean", good, bad, "--out", out]);
  expect([code, stderr]).toEqual([1, expect.stringContaining(bad)]);
  expect(await readdir(out)).toEqual([]);
});

test("writes rejected rows to a file of their own, with reason and row, and exits 0", async () => {
  const out = await temporaryFolder();
  const input = `${JSON.stringify(goodRow())}\n{"icao24":1\n${JSON.stringify(goodRow({ icao24: "zz" }))}\n`;
  const { code, stdout } = await flightline(["clean", "-", "--out", out, "--json", "--format", "ndjson"], { input });
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    { received: 3, accepted: 1, duplicate: 0, rejected: { bad_icao24: 1, not_json: 1 }, flags: {} },
  ]);
  const rejected = (await readFile(path.join(out, "rejected.ndjson"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { reason: string; line: number });
  expect(rejected.map(({ reason, line }) => [reason, line])).toEqual([
    ["not_json", 2],
    ["bad_icao24", 3],
  ]);
});

test("--partition writes the lake's folders", async () => {
  const out = await temporaryFolder();
  const rows = [goodRow(), goodRow({ last_contact: 1_700_010_000, time_position: 1_700_010_000 })];
  await flightline(["clean", "-", "--out", out, "--partition"], { input: JSON.stringify(rows) });
  const counts = await sql(
    `select day, hour, count(*) from read_parquet('${out}/state_vectors/*/*/*.parquet', hive_partitioning = true, hive_types = {'day': varchar, 'hour': varchar}) group by all order by all`,
  );
  expect(counts).toEqual([
    ["2023-11-14", "22", 1n],
    ["2023-11-15", "01", 1n],
  ]);
});

test.each([
  [["clean"], "--out"],
  [["clean", "x", "--out", "y", "--format", "xml"], "parquet, ndjson or csv"],
  [["clean", "x", "--out", "y", "--source", "../x"], "--source"],
  [["clean", "--nothing"], "nothing"],
  [["fly"], "unknown command"],
  [["start", "word"], "--from"],
  [["start", "--port", "99999"], "65535"],
])("wrong usage %j exits with 2 and an error that states the allowed usage", async (args, message) => {
  const { code, stderr } = await flightline(args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test("every command has help with an example, and --version prints the version", async () => {
  const { stdout } = await flightline(["--help"]);
  const names = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name ?? "");
  expect(names).toContain("compact");
  for (const name of names) expect((await flightline([name, "--help"])).stdout).toContain("Examples:");
  expect((await flightline(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
