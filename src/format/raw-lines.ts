import { coerceInteger } from "../flight/coerce.ts";
import { openskyOrder, rawFields } from "../flight/contract.ts";
import type { RawRow } from "../flight/fill.ts";
import { hasLongDigits, hasUnpairedEscape, MAX_LINE_BYTES, nestsTooDeep } from "./json.ts";
import { LF } from "./lines.ts";
import type { Rows } from "./rows.ts";
import { shapeOf, WrongShapeError } from "./shape.ts";

/** A row as a line of a stream chunk, without LF, and the fields from which its partition key is computed. */
export interface RawLine {
  source: string | undefined;
  icao24: string | undefined;
  /** The row's value, if it is a number. The replay of a recorded file sends rows at the pace of these times. */
  last_contact: number | undefined;
  line: Uint8Array;
}

const UNUSABLE = "{}";
const names = rawFields.map(({ name }) => name);

/**
 * Serializes a raw row from a document, a list or CSV as a row object in JSON. A value that JSON or a line cannot contain
 * becomes `{}`, which every reader treats as unusable. A value that is not a row is serialized as it is, so that the
 * consumer rejects it.
 */
export function serializeRow(row: unknown): Uint8Array {
  if (Array.isArray(row) && row.length >= 12) return Buffer.from(serializeArray(row));
  if (typeof row !== "object" || row === null || Array.isArray(row))
    return bounded(JSON.stringify(row) ?? "null", "null");
  const known = new Set<string>(names);
  const members = (isField: boolean) => Object.entries(row as RawRow).filter(([name]) => known.has(name) === isField);
  const own = members(true).map(([name, value]) => `"${name}":${leaf(value)}`);
  const others = members(false).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return bounded(`{${[...own, ...others].join(",")}}`, `{${own.join(",")}}`);
}

/**
 * The text as a line. If the consumer would read the text differently or reject it, the shorter form replaces it. A line
 * that is still too long is cut by `cutLine`.
 */
function bounded(text: string, shorter: string): Uint8Array {
  const isSound =
    text.length <= MAX_LINE_BYTES && !hasUnpairedEscape(text) && !hasLongDigits(text) && !nestsTooDeep(text);
  const bytes = Buffer.from(isSound || shorter === "" ? text : shorter);
  return bytes.length > MAX_LINE_BYTES && shorter !== "" && isSound ? Buffer.from(shorter) : cutLine(bytes);
}

/** Cuts a line beyond the limit. One byte more than the limit remains, so that the consumer rejects it as too large. */
export const cutLine = (line: Uint8Array): Uint8Array =>
  line.length > MAX_LINE_BYTES ? line.subarray(0, MAX_LINE_BYTES + 1) : line;

function serializeArray(row: readonly unknown[]): string {
  const parts: string[] = [];
  openskyOrder.forEach((name, i) => {
    const value = name === "last_contact" && row.length === 13 ? laterOf(row[3], row[4]) : row[i];
    if (name !== null && value !== undefined && value !== null) parts.push(`"${name}":${leaf(value)}`);
  });
  return `{${parts.join(",")}}`;
}

/**
 * The last contact of an array with 13 elements, as in 2016 and 2017: the later of elements 3 and 4. Element 4 if neither is
 * usable.
 */
function laterOf(position: unknown, velocity: unknown): unknown {
  const times = [coerceInteger(position), coerceInteger(velocity)].filter((time) => Number.isFinite(time));
  return times.length === 0 ? velocity : Math.max(...times);
}

function leaf(value: unknown): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value + 0) : UNUSABLE;
  if (typeof value === "object" && value !== null) return UNUSABLE;
  const text = JSON.stringify(value) ?? "null";
  return typeof value === "string" && (hasUnpairedEscape(text) || hasLongDigits(text)) ? UNUSABLE : text;
}

/** Joins bytes such as CSV after an unclosed quote to one line, which the consumer rejects. */
export function brokenLine(bytes: Uint8Array): Uint8Array {
  const line = Buffer.from(cutLine(bytes));
  for (let i = 0; i < line.length; i++) if (line[i] === LF) line[i] = 32;
  return line;
}

/** Converts rows to lines of a stream chunk. A line that is one row is forwarded byte for byte, also a broken one. */
export function lineRows(emit: (line: RawLine) => void): Rows {
  return {
    value(value, line) {
      const shape = shapeOf(value);
      if ("wrong" in shape) {
        if (line === undefined) throw new WrongShapeError(shape.wrong);
        return emit({ ...unknown, line: Buffer.from("null") });
      }
      for (const element of shape.elements) {
        const row = shape.map === undefined ? element : shape.map(element);
        const isForwarded = shape.isOneRow && line !== undefined && !Array.isArray(element);
        emit({
          ...partitionFieldsOf(row),
          source: shape.source,
          line: isForwarded ? Buffer.from(line.raw.trimEnd()) : serializeRow(row ?? element),
        });
      }
    },
    record: (row) => emit({ ...partitionFieldsOf(row), line: serializeRow(row) }),
    reject: (reason, { bytes }) =>
      emit({ ...unknown, line: reason === "not_csv" ? brokenLine(bytes) : cutLine(bytes) }),
  };
}

const unknown = { source: undefined, icao24: undefined, last_contact: undefined };

/** The fields of a raw row that determine its partition, without coercion. */
function partitionFieldsOf(row: unknown): Omit<RawLine, "line"> {
  if (typeof row !== "object" || row === null) return unknown;
  const [icao24, contact]: unknown[] = Array.isArray(row)
    ? [row[0], row[4]]
    : [(row as RawRow)["icao24"], (row as RawRow)["last_contact"]];
  return {
    source: undefined,
    icao24: typeof icao24 === "string" ? icao24 : undefined,
    last_contact: typeof contact === "number" ? contact : undefined,
  };
}
