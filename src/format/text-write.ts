import { flagText } from "../flight/batch.ts";
import type { Field } from "../flight/contract.ts";
import { columnOf, storedFields, type StoredRows } from "./stored.ts";

/** Rows joined before they become bytes: long enough to amortise the copy, short enough for V8's string limit. */
const ROWS_A_PIECE = 4_096;

/** NDJSON: members in the record's order, nulls written. Cleaned text needs escapes in origin_country alone. */
export function* writeNdjson(of: StoredRows): Generator<Buffer> {
  const members = storedFields(of).map((field, i) => ({
    head: `${i === 0 ? "{" : ","}"${field.name}":`,
    cell: jsonCell(of, field),
  }));
  yield* pieces(of, (i) => {
    let line = "";
    for (const { head, cell } of members) line += head + cell(i);
    return `${line}}\n`;
  });
}

function* pieces(of: StoredRows, lineOf: (i: number) => string): Generator<Buffer> {
  for (let start = 0; start < of.batch.rows; start += ROWS_A_PIECE) {
    const end = Math.min(start + ROWS_A_PIECE, of.batch.rows);
    let text = "";
    for (let i = start; i < end; i++) text += lineOf(i);
    yield Buffer.from(text);
  }
}

type Cell = (i: number) => string;

function jsonCell(of: StoredRows, { name, kind }: Field): Cell {
  const column = columnOf(of, name);
  if (name === "flags") return (i) => `"${flagText(column[i] as number)}"`;
  if (kind === "boolean") return (i) => (column[i] === 1 ? "true" : "false");
  if (name === "origin_country") return (i) => (column[i] === null ? "null" : JSON.stringify(column[i]));
  if (kind === "text") return (i) => (column[i] === null ? "null" : `"${column[i] as string}"`);
  return (i) => (Number.isNaN(column[i]) ? "null" : String(column[i]));
}

/** CSV with a header line; null is an empty cell. */
export function* writeCsv(of: StoredRows, { header = true } = {}): Generator<Buffer> {
  const fields = storedFields(of);
  if (header) yield Buffer.from(`${fields.map(({ name }) => name).join(",")}\n`);
  const cells = fields.map((field) => csvCell(of, field));
  yield* pieces(of, (i) => {
    let line = "";
    for (const cell of cells) line += `${line === "" ? "" : ","}${cell(i)}`;
    return `${line}\n`;
  });
}

function csvCell(of: StoredRows, { name, kind }: Field): Cell {
  const column = columnOf(of, name);
  if (name === "flags") return (i) => quoted(flagText(column[i] as number));
  if (kind === "boolean") return (i) => (column[i] === 1 ? "true" : "false");
  if (kind === "text") return (i) => (column[i] === null ? "" : quoted(column[i] as string));
  return (i) => (Number.isNaN(column[i]) ? "" : String(column[i]));
}

const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
