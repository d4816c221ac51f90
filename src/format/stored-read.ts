import { parquetReadObjects } from "hyparquet";
import { flagMask, grow, newBatch, type Batch } from "../flight/batch.ts";
import { fields, rawFields } from "../flight/contract.ts";
import { csvRecord } from "./csv-read.ts";
import { toText } from "./json.ts";

/** Cleaned rows that were read from a file of Flightline, with their system columns. They are not cleaned again. */
export interface StoredFile {
  batch: Batch;
  batch_id: string[];
}

type Member = string | number | bigint | boolean | null;

/** Adds one stored row by its members' names. */
function addStored({ batch, batch_id }: StoredFile, row: Readonly<Record<string, Member>>): void {
  if (batch.rows === batch.received_at.length) grow(batch);
  const i = batch.rows;
  const columns = batch.columns as unknown as Record<string, { [i: number]: unknown }>;
  for (const { name, kind } of rawFields) {
    const value = row[name] ?? null;
    const column = columns[name] ?? [];
    if (kind === "text") column[i] = value;
    else if (kind === "boolean") column[i] = value === true ? 1 : 0;
    else column[i] = value === null ? NaN : Number(value);
  }
  batch.columns.source[i] = String(row["source"]);
  batch.columns.flags[i] = flagMask(String(row["flags"]));
  batch.received_at[i] = Number(row["received_at"] ?? NaN);
  batch.ordinal[i] = i + 1;
  batch_id[i] = String(row["batch_id"] ?? "");
  batch.rows = i + 1;
}

const newStored = (): StoredFile => ({ batch: newBatch(1024), batch_id: [] });

/** Reads a clean file in NDJSON, after inflation. */
export function readStoredNdjson(bytes: Uint8Array): StoredFile {
  const file = newStored();
  for (const line of toText(bytes).split("\n"))
    if (line !== "") addStored(file, JSON.parse(line) as Record<string, Member>);
  return file;
}

/** Reads a clean file in CSV, after inflation. */
export function readStoredCsv(bytes: Uint8Array): StoredFile {
  const file = newStored();
  const text = toText(bytes);
  const header = csvRecord(text, 0, true);
  if (header === null) return file;
  const kinds = new Map<string, string>(fields.map(({ name, kind }) => [name, kind]));
  for (let at = header.next; at < text.length;) {
    const record = csvRecord(text, at, true);
    if (record === null) throw new Error("the clean file ends within a quoted cell");
    const row: Record<string, Member> = {};
    record.cells.forEach((cell, i) => {
      const name = header.cells[i] ?? "";
      row[name] = kinds.get(name) === "boolean" ? cell === "true" : cell === "" && name !== "flags" ? null : cell;
    });
    addStored(file, row);
    at = record.next;
  }
  return file;
}

/** Reads a Parquet file of the lake. Flightline or Spark may have written it. */
export async function readStoredParquet(bytes: Uint8Array): Promise<StoredFile> {
  const file = newStored();
  const { buffer, byteOffset, length } = bytes;
  const source = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
  for (const row of await parquetReadObjects({ file: source })) addStored(file, row as Record<string, Member>);
  return file;
}
