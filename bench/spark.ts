import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { encodeChunk } from "../src/format/chunk.ts";
import { installSpark, missing, python, SPARKS } from "../test/harness/spark/tools.ts";
import { openskyBodies, thousands } from "./input.ts";
import { rowsOf, type Measured, type Row } from "./measure.ts";

const THOUSANDS = Math.ceil(Number(process.env["FLIGHTLINE_BENCH_ROWS"] ?? 100_000) / 1_000);
const ROWS_PER_RECORD = 500;
/** Unix s, after the newest row, so that the rules do not reject a row as of the future. */
const RECEIVED_AT = 2_000_000_000;

interface Answer {
  spark?: string;
  /** Rows accepted. Null for a side that does not clean. */
  accepted: number | null;
  passes: Measured[];
}

/**
 * Stream records to Parquet and rejected lines, on both versions of Spark. The sides are the plan, the same rules written by
 * hand, the TypeScript engine, and DuckDB, which does not clean. Each side is a process that does its work twice: cold from
 * its start, and warm in the same session.
 */
export async function spark(): Promise<{ from: string; rows: Row[] }> {
  const lacking = missing();
  if (lacking.length > 0) throw new Error(`the question spark needs ${lacking.join(" and ")}: install them first`);
  installSpark();
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  try {
    const cases = Object.keys(SPARKS).map(checkHand).join("; ");
    const { from, accepted } = await writeInput(folder);
    const peers = [
      named("TypeScript engine", peer("typescript", folder)),
      named("DuckDB read_json, not cleaned", peer("duckdb", folder)),
    ];
    const rows = Object.keys(SPARKS).flatMap((version) => sparkRows(version, folder, { peers, accepted }));
    return { from: `${from}, ${THOUSANDS * 1_000} rows; ${cases}`, rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The cost of a change of the plan: this plan and an earlier one, in turns, in one session per version of Spark.
 * FLIGHTLINE_BENCH_BEFORE names the file of the earlier plan, made by `git show COMMIT:glue/plan.json`. Without it the
 * question is left out.
 */
export async function plans(): Promise<{ from: string; rows: Row[] }> {
  const before = process.env["FLIGHTLINE_BENCH_BEFORE"];
  if (before === undefined) return { from: "no earlier plan", rows: [] };
  installSpark();
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  try {
    const { from } = await writeInput(folder);
    const rows = Object.keys(SPARKS).flatMap((version) => {
      const files = [path.join(folder, "records.parquet"), path.join(folder, version), "glue/plan.json", before];
      const [now, earlier] = JSON.parse(sparkSide(version, ["plans", ...files])) as Omit<Measured, "name">[];
      if (now === undefined || earlier === undefined)
        throw new Error("bench/spark_side.py printed fewer than two plans");
      const measured = [
        { name: "the plan", ...now },
        { name: "the plan before", ...earlier },
      ];
      return rowsOf(`records to Parquet, Spark ${version}, warm, in turns`, measured, {});
    });
    return { from: `${from}, ${THOUSANDS * 1_000} rows`, rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws when the rules written by hand differ from the golden cases: then a comparison of speed means nothing. */
function checkHand(version: string): string {
  const { cases, different } = JSON.parse(sparkSide(version, ["check"])) as { cases: number; different: string[] };
  if (different.length > 0 || cases === 0)
    throw new Error(`the rules written by hand differ on Spark ${version}: ${different.join(", ")}`);
  const summary = `Spark ${version}: by hand ${cases} of ${cases} clean cases are equal`;
  console.error(summary);
  return summary;
}

/** The last line that a side prints. The lines before it are the logs of the job. */
const sparkSide = (version: string, args: string[]): string =>
  execFileSync(python(`spark-${version}`), ["bench/spark_side.py", ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
    .trimEnd()
    .split("\n")
    .at(-1) ?? "";

const peer = (side: string, folder: string): Answer =>
  JSON.parse(
    execFileSync(process.execPath, ["--import", "tsx", "bench/spark-peer.ts", side, folder], { encoding: "utf8" }),
  ) as Answer;

const named = (name: string, { passes, accepted }: Answer) => ({ name, passes, accepted });

interface Comparison {
  peers: ReturnType<typeof named>[];
  /** Rows that every side that cleans must accept. */
  accepted: number;
}

function sparkRows(version: string, folder: string, { peers, accepted }: Comparison): Row[] {
  const side = (name: string, key: string) => {
    const out = path.join(folder, `${key}-${version}`);
    const answer = sparkSide(version, [key, path.join(folder, "records.parquet"), out]);
    return named(name, JSON.parse(answer) as Answer);
  };
  const [plan, hand, job] = [side("the plan", "plan"), side("written by hand", "hand"), side("the whole job", "job")];
  for (const answer of [plan, hand, job, ...peers])
    if (answer.accepted !== null && answer.accepted !== accepted)
      throw new Error(
        `Spark ${version}: ${answer.name} accepts ${answer.accepted} rows, but all sides must accept ${accepted}`,
      );
  return ["cold", "warm"].flatMap((pass, i) => {
    const measured = ({ name, passes }: ReturnType<typeof named>): Measured[] =>
      passes.slice(i, i + 1).map((times) => ({ ...times, name }));
    const others = [hand, ...peers].flatMap(measured);
    return [plan, job].flatMap((ours) =>
      rowsOf(`records to Parquet, Spark ${version}, ${pass}`, [...measured(ours), ...others], {}),
    );
  });
}

/** Writes the same rows as stream records and as a file of lines. Of each 200 lines, one is broken and one is a duplicate. */
async function writeInput(folder: string): Promise<{ from: string; accepted: number }> {
  const { bodies, from } = await openskyBodies(1);
  const lines = thousands(bodies[0] ?? Buffer.from("[]"), THOUSANDS, "objects").flatMap((body) =>
    body.toString().trimEnd().split("\n"),
  );
  const dirty = lines.map((line, i) =>
    i % 200 === 50 ? line.slice(0, -1) : i % 200 === 100 ? (lines[i - 1] ?? line) : line,
  );
  const records: string[] = [];
  for (let at = 0; at < dirty.length; at += ROWS_PER_RECORD) {
    const chunk = dirty.slice(at, at + ROWS_PER_RECORD).map((line) => Buffer.from(line));
    const data = encodeChunk("opensky", chunk).toString("base64");
    const name = { partition_key: String(records.length % 16), sequence_number: String(records.length + 1) };
    records.push(`${JSON.stringify({ ...name, received_at: RECEIVED_AT, data })}\n`);
  }
  writeFileSync(path.join(folder, "rows.ndjson"), `${dirty.join("\n")}\n`);
  writeFileSync(path.join(folder, "records.ndjson"), records.join(""));
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `copy (select from_base64(data) as data, partition_key as partitionKey, sequence_number as sequenceNumber,
       to_timestamp(received_at) as approximateArrivalTimestamp
     from read_json('${folder}/records.ndjson', columns =
       {partition_key: 'varchar', sequence_number: 'varchar', received_at: 'bigint', data: 'varchar'}))
     to '${folder}/records.parquet' (format parquet)`,
  );
  connection.closeSync();
  return { from, accepted: peer("typescript", folder).accepted ?? 0 };
}
