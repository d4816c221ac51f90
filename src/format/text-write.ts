import { flagText } from "../flight/batch.ts";
import type { Field } from "../flight/contract.ts";
import { columnOf, storedFields, type StoredRows } from "./stored.ts";

/** Rows that become one buffer: enough to amortize the copy, and few enough for V8's string limit. */
const ROWS_PER_PIECE = 4_096;

/**
 * Writes NDJSON with members in the record's order and nulls included. Of the cleaned text fields, only origin_country may
 * contain characters that need escapes.
 */
export function* writeNdjson(rows: StoredRows): Generator<Buffer> {
  const members = storedFields(rows).map((field, i) => ({
    head: `${i === 0 ? "{" : ","}"${field.name}":`,
    cell: jsonCell(rows, field),
  }));
  yield* pieces(rows, (i) => {
    let line = "";
    for (const { head, cell } of members) line += head + cell(i);
    return `${line}}\n`;
  });
}

function* pieces({ batch }: StoredRows, lineOf: (i: number) => string): Generator<Buffer> {
  for (let start = 0; start < batch.rows; start += ROWS_PER_PIECE) {
    const end = Math.min(start + ROWS_PER_PIECE, batch.rows);
    let text = "";
    for (let i = start; i < end; i++) text += lineOf(i);
    yield Buffer.from(text);
  }
}

type Cell = (i: number) => string;

function jsonCell(rows: StoredRows, { name, kind }: Field): Cell {
  const column = columnOf(rows, name);
  if (name === "flags") return (i) => `"${flagText(column[i] as number)}"`;
  if (kind === "boolean") return (i) => (column[i] === 1 ? "true" : "false");
  if (name === "origin_country") return (i) => (column[i] === null ? "null" : JSON.stringify(column[i]));
  if (kind === "text") return (i) => (column[i] === null ? "null" : `"${column[i] as string}"`);
  return (i) => (Number.isNaN(column[i]) ? "null" : String(column[i]));
}

/** Writes CSV with a header line. Null is an empty cell. */
export function* writeCsv(rows: StoredRows, { header = true } = {}): Generator<Buffer> {
  const fields = storedFields(rows);
  if (header) yield Buffer.from(`${fields.map(({ name }) => name).join(",")}\n`);
  const cells = fields.map((field) => csvCell(rows, field));
  yield* pieces(rows, (i) => {
    let line = "";
    for (const cell of cells) line += `${line === "" ? "" : ","}${cell(i)}`;
    return `${line}\n`;
  });
}

function csvCell(rows: StoredRows, { name, kind }: Field): Cell {
  const column = columnOf(rows, name);
  if (name === "flags") return (i) => quoted(flagText(column[i] as number));
  if (kind === "boolean") return (i) => (column[i] === 1 ? "true" : "false");
  if (kind === "text") return (i) => (column[i] === null ? "" : quoted(column[i] as string));
  return (i) => (Number.isNaN(column[i]) ? "" : String(column[i]));
}

const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
