import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { newBatch } from "../src/flight/batch.ts";
import { clean } from "../src/flight/clean.ts";
import { parquetFile } from "../src/format/parquet-write.ts";
import { decodePieces } from "../src/format/pieces.ts";
import { asObjects, openskyBodies } from "./input.ts";
import { measure, rowsOf, type Row } from "./measure.ts";

const ROWS = 100_000;

/** A file of objects to Parquet. Flightline cleans the rows, the peer does not. */
export async function parquet(): Promise<{ from: string; rows: Row[] }> {
  const { bodies, from } = await openskyBodies(ROWS);
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  const file = path.join(folder, "rows.ndjson");
  writeFileSync(file, Buffer.concat(bodies.map((body) => asObjects(body))));
  const connection = await (await DuckDBInstance.create()).connect();
  const measured = await measure(
    [
      { name: "flightline, cleaned", run: () => toParquet(file, path.join(folder, "ours.parquet")) },
      {
        name: "DuckDB read_json, not cleaned",
        run: () =>
          connection.run(
            `copy (select * from read_json('${file}', format = 'newline_delimited')) to '${folder}/duck.parquet'`,
          ),
      },
    ],
    { rounds: 5, warmups: 1 },
  );
  connection.closeSync();
  rmSync(folder, { recursive: true });
  return { from: `${from}, ${ROWS} rows`, rows: rowsOf("file to Parquet", measured, {}) };
}

async function toParquet(file: string, target: string): Promise<void> {
  const to = parquetFile({ batch: newBatch(1) });
  const parts: Buffer[] = [];
  for await (const { batch } of decodePieces(createReadStream(file), {
    source: undefined,
    received_at: 2_000_000_000,
    delivery: 0,
  })) {
    clean(batch);
    if (batch.rows > 0) to.write({ batch });
    parts.push(to.take());
  }
  to.finish();
  writeFileSync(target, Buffer.concat([...parts, to.take()]));
}
