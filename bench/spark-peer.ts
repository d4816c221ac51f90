import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { dropDuplicates, selectRows } from "../src/flight/batch-rows.ts";
import { clean } from "../src/flight/clean.ts";
import { identities } from "../src/flight/identity.ts";
import { encodeLake, rowsByHour } from "../src/flow/lake/write.ts";
import { encodeRejected } from "../src/flow/request/rejected.ts";
import { decodeChunk } from "../src/format/chunk.ts";
import { newDecoded } from "../src/format/decoded.ts";

/**
 * A side of the question `spark` that runs without Spark: `npx tsx bench/spark-peer.ts SIDE FOLDER`. It does its work twice
 * in its own process. It prints the times of both passes as JSON: cold, from the start of the process, and warm.
 */
const [side = "", folder = ""] = process.argv.slice(2);
const out = path.join(folder, side);

/** The job's work on the records: files of rejected lines, and of accepted rows by hour. */
function typescript(): number {
  const decoded = newDecoded();
  const records = readFileSync(path.join(folder, "records.ndjson"), "utf8").trimEnd().split("\n");
  for (const [delivery, line] of records.entries()) {
    const { data, received_at } = JSON.parse(line) as { data: string; received_at: number };
    decodeChunk(Buffer.from(data, "base64"), { source: "opensky", received_at, delivery }, () => decoded);
  }
  const { batch } = decoded;
  const rejections = [...decoded.rejections, ...clean(batch)];
  dropDuplicates(batch, identities());
  for (const [hour, rows] of rowsByHour(batch)) {
    const lakeFile = { batch: selectRows(batch, rows), received_at: true, batch_id: "b0" };
    writeFileSync(path.join(out, `${hour}.parquet`), encodeLake(lakeFile, "parquet"));
  }
  writeFileSync(path.join(out, "rejected.ndjson.gz"), encodeRejected(rejections));
  return batch.rows;
}

async function duckdb(): Promise<null> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `copy (select * from read_json('${folder}/rows.ndjson', format = 'newline_delimited', ignore_errors = true))
     to '${out}/rows.parquet' (format parquet)`,
  );
  connection.closeSync();
  return null;
}

mkdirSync(out, { recursive: true });
const run = { typescript, duckdb }[side];
if (run === undefined) throw new Error(`unknown side ${side}: use typescript or duckdb`);
const passes: { name: string; wall_ms: number; cpu_ms: number }[] = [];
let [started_ms, spent_ms] = [0, 0];
let accepted: number | null = null;
for (const name of ["cold", "warm"]) {
  accepted = await run();
  const { user, system } = process.cpuUsage();
  const [now, total] = [performance.now(), (user + system) / 1_000];
  passes.push({ name, wall_ms: now - started_ms, cpu_ms: total - spent_ms });
  [started_ms, spent_ms] = [now, total];
}
console.log(JSON.stringify({ accepted, passes }));
