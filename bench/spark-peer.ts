import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { clean } from "../src/flight/clean.ts";
import { identities } from "../src/flight/identity.ts";
import { dropDuplicates } from "../src/flight/batch-rows.ts";
import { decodeChunk } from "../src/format/chunk.ts";
import { newDecoded } from "../src/format/decoded.ts";
import { encodeLake, rowsByHour } from "../src/flow/lake/write.ts";
import { selectRows } from "../src/flight/batch-rows.ts";
import { encodeRejected } from "../src/flow/request/rejected.ts";

/**
 * A side of the question `spark` that needs no Spark: npx tsx bench/spark-peer.ts SIDE FOLDER. It does its work twice in a
 * process of its own, cold from the process's start, and prints what both passes took.
 */
const [side = "", folder = ""] = process.argv.slice(2);
const out = path.join(folder, side);

/** What the job does to the records: rejected lines and accepted rows by hour, as files. */
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
    const of = { batch: selectRows(batch, rows), received_at: true, batch_id: "b0" };
    writeFileSync(path.join(out, `${hour}.parquet`), encodeLake(of, "parquet"));
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
if (run === undefined) throw new Error(`there is no side ${side}`);
const passes: { name: string; wall_ms: number; cpu_ms: number }[] = [];
let [begun, spent] = [0, 0];
let accepted: number | null = null;
for (const name of ["cold", "warm"]) {
  accepted = await run();
  const { user, system } = process.cpuUsage();
  const [now, total] = [performance.now(), (user + system) / 1_000];
  passes.push({ name, wall_ms: now - begun, cpu_ms: total - spent });
  [begun, spent] = [now, total];
}
console.log(JSON.stringify({ accepted, passes }));
