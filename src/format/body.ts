import { readCsv } from "./csv-read.ts";
import { UndecodableError } from "./errors.ts";
import { decodeText, MIN_REJECTED_DEPTH, nestsTooDeep, opensFewer, parseLine } from "./json.ts";
import { isBlank, readLines } from "./lines.ts";
import type { Rows } from "./rows.ts";
import { WrongShapeError } from "./shape.ts";

/** Media types that determine how a body is read. With any other media type, its content does. */
export const NDJSON = "application/x-ndjson";
export const CSV = "text/csv";

/**
 * Reads an inflated body in any accepted format and passes its rows to `rows`. Throws `UndecodableError` if the body as a
 * whole cannot be read. By then, `rows` may have received a part of it, which the caller must drop.
 */
export function readBody(bytes: Uint8Array, media_type: string | undefined, rows: Rows): void {
  const body = withoutMark(bytes);
  if (media_type === NDJSON) return void readLines(body, 1, rows);
  const first = body.find((byte) => byte !== 32 && byte !== 9 && byte !== 13 && byte !== 10);
  if (first === undefined) return;
  if (media_type === CSV || (first !== 0x7b && first !== 0x5b)) return readCsv(body, rows);
  const problem = readDocument(body, rows);
  if (problem === undefined) return;
  if (!looksLikeLines(body)) throw problem;
  readLines(body, 1, rows);
}

/** The bytes without a leading UTF-8 byte order mark, which a body or file may have. */
export const withoutMark = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;

/** Reads the body as one JSON document. Returns an error if it is not JSON, because it may still be lines of JSON. */
function readDocument(body: Uint8Array, rows: Rows): UndecodableError | undefined {
  const text = decodeText(body);
  if (text === null) return new UndecodableError("the body is not UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return new UndecodableError("the body is not JSON", { ...positionOf(cause, text), cause });
  }
  if (!opensFewer(text, rowsIn(value) + MIN_REJECTED_DEPTH - 1) && nestsTooDeep(text))
    return new UndecodableError(`the body nests ${MIN_REJECTED_DEPTH} deep or deeper`);
  try {
    rows.value(value);
  } catch (cause) {
    if (cause instanceof WrongShapeError) throw new UndecodableError(cause.message, { cause });
    throw cause;
  }
  return undefined;
}

/** The number of rows in a document that are objects or lists. Each opens a bracket without nesting deeper than the others. */
function rowsIn(value: unknown): number {
  const lists = Array.isArray(value)
    ? [value]
    : Object.values(value as object).filter((member) => Array.isArray(member));
  return Math.max(
    0,
    ...lists.map((list) => (list as unknown[]).filter((row) => typeof row === "object" && row).length),
  );
}

/** Converts the position that V8 reports, in characters, to line and column. */
function positionOf(error: unknown, text: string): { at?: string } {
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  if (position === undefined) return {};
  const before = text.slice(0, Number(position)).split("\n");
  return { at: `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}` };
}

/** Whether the body has several non-blank lines, at least one of which is a row by `isRowLine`. */
function looksLikeLines(body: Uint8Array): boolean {
  const lines = Buffer.from(body.buffer, body.byteOffset, body.length)
    .toString("utf8")
    .split("\n")
    .filter((line) => !isBlank(line));
  return lines.length > 1 && lines.some((line) => isRowLine(line));
}

/** Whether a line decodes to an object, or to a list of 12 elements or more. */
export function isRowLine(line: string): boolean {
  const parsed = parseLine(line, Buffer.byteLength(line));
  if ("reason" in parsed) return false;
  return Array.isArray(parsed.value)
    ? parsed.value.length >= 12
    : typeof parsed.value === "object" && parsed.value !== null;
}
