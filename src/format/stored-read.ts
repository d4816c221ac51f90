import { parquetReadObjects } from "hyparquet";
import { flagMask, grow, newBatch, type Batch } from "../flight/batch.ts";
import { fields, rawFields } from "../flight/contract.ts";
import { csvRecord } from "./csv-read.ts";
import { toText } from "./json.ts";

/** Cleaned rows read back from a file of ours, with their system columns. Nothing is cleaned again. */
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
    const found = row[name] ?? null;
    const column = columns[name] ?? [];
    if (kind === "text") column[i] = found;
    else if (kind === "boolean") column[i] = found === true ? 1 : 0;
    else column[i] = found === null ? NaN : Number(found);
  }
  batch.columns.source[i] = String(row["source"]);
  batch.columns.flags[i] = flagMask(String(row["flags"]));
  batch.received_at[i] = Number(row["received_at"] ?? NaN);
  batch.ordinal[i] = i + 1;
  batch_id[i] = String(row["batch_id"] ?? "");
  batch.rows = i + 1;
}

const newStored = (): StoredFile => ({ batch: newBatch(1024), batch_id: [] });

/** A flat file of ours in NDJSON, inflated. */
export function readStoredNdjson(bytes: Uint8Array): StoredFile {
  const file = newStored();
  for (const line of toText(bytes).split("\n"))
    if (line !== "") addStored(file, JSON.parse(line) as Record<string, Member>);
  return file;
}

/** A flat file of ours in CSV, inflated. */
export function readStoredCsv(bytes: Uint8Array): StoredFile {
  const file = newStored();
  const text = toText(bytes);
  const header = csvRecord(text, 0, true);
  if (header === null) return file;
  const kinds = new Map<string, string>(fields.map(({ name, kind }) => [name, kind]));
  for (let at = header.next; at < text.length;) {
    const record = csvRecord(text, at, true);
    if (record === null) throw new Error("a flat file of ours ends within a quoted cell");
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

/** A Parquet file of the lake, whichever engine wrote it. */
export async function readStoredParquet(bytes: Uint8Array): Promise<StoredFile> {
  const file = newStored();
  const { buffer, byteOffset, length } = bytes;
  const source = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
  for (const row of await parquetReadObjects({ file: source })) addStored(file, row as Record<string, Member>);
  return file;
}
