import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { dropDuplicates } from "../../../src/flight/batch-rows.ts";
import { flagText } from "../../../src/flight/batch.ts";
import { clean } from "../../../src/flight/clean.ts";
import { fields } from "../../../src/flight/contract.ts";
import { identities } from "../../../src/flight/identity.ts";
import { encodeLake, lakeExtension } from "../../../src/flow/lake/write.ts";
import { recordId } from "../../../src/flow/objects/ids.ts";
import type { StreamRecord } from "../../../src/flow/ports.ts";
import { byArrival } from "../../../src/flow/stream/micro-batch.ts";
import { decodeChunk } from "../../../src/format/chunk.ts";
import { newDecoded, receivedRows, type Decoded } from "../../../src/format/decoded.ts";

/** Both engines use this source for a chunk without one. */
const SOURCE = "opensky";
const STREAM = "parity";

/** The 64 bits of a double in hexadecimal. */
const bits = (value: number): string => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return buffer.toString("hex");
};

/** A cell without loss: doubles as their 64 bits. */
function cell({ batch }: Decoded, { name, kind }: (typeof fields)[number], i: number): unknown {
  if (name === "flags") return flagText(batch.columns.flags[i] ?? 0);
  const value = batch.columns[name][i];
  if (kind === "boolean") return value === 1;
  if (typeof value !== "number") return value ?? null;
  return Number.isNaN(value) ? null : kind === "number" ? bits(value) : value;
}

/** Cleans the records as one micro-batch, and writes the records and the outcomes. Returns the rows received. */
export function writeExpected(folder: string, records: readonly StreamRecord[]): number {
  const decoded = newDecoded();
  const sorted = [...records].sort(byArrival);
  const ids = sorted.map(({ partition_key, sequence_number }) => recordId(STREAM, partition_key, sequence_number));
  for (const [delivery, { data, arrived_at }] of sorted.entries())
    decodeChunk(data, { source: SOURCE, received_at: arrived_at, delivery }, () => decoded);
  const received = receivedRows(decoded);
  const rejections = [...decoded.rejections, ...clean(decoded.batch)];
  const rowId = (i: number): string => `${ids[decoded.batch.delivery[i] ?? 0]} ${decoded.batch.ordinal[i]}`;
  const cleaned = Array.from({ length: decoded.batch.rows }, (_, i) => rowId(i));
  dropDuplicates(decoded.batch, identities());
  const accepted = Array.from({ length: decoded.batch.rows }, (_, i) => [
    rowId(i),
    ...fields.map((field) => cell(decoded, field, i)),
  ]);
  const kept = new Set(accepted.map(([id]) => id));
  const write = (name: string, lines: readonly unknown[]) =>
    writeFileSync(path.join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  mkdirSync(folder, { recursive: true });
  write(
    "records.ndjson",
    records.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data).toString("base64") })),
  );
  write("accepted.ndjson", accepted);
  write(
    "duplicates.ndjson",
    cleaned.filter((id) => !kept.has(id)),
  );
  write(
    "rejected.ndjson",
    rejections.map(({ delivery, ordinal, reason, field, source, content }) => [
      `${ids[delivery]} ${ordinal}`,
      reason,
      field,
      source,
      "row" in content ? content.row : Buffer.from(content.bytes).toString("base64"),
    ]),
  );
  const stored = { batch: decoded.batch, received_at: true, batch_id: "b0" };
  for (const format of ["parquet", "ndjson"] as const)
    writeFileSync(path.join(folder, `lake.${lakeExtension(format)}`), encodeLake(stored, format));
  return received;
}
