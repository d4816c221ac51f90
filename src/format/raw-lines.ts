import { coerceInteger } from "../flight/coerce.ts";
import { openskyOrder, rawFields } from "../flight/contract.ts";
import type { RawRow } from "../flight/fill.ts";
import { hasLongDigits, hasUnpairedEscape, LINE_LIMIT, nestsTooDeep } from "./json.ts";
import type { Rows } from "./rows.ts";
import { shapeOf, WrongShapeError } from "./shape.ts";

/** A row as a line of a stream chunk, without LF, and what its partition key is made of. */
export interface RawLine {
  source: string | undefined;
  icao24: string | undefined;
  /** As it stands in the row, where it is a number: what a replay keeps time by. */
  last_contact: number | undefined;
  line: Uint8Array;
}

const UNUSABLE = "{}";
const names = rawFields.map(({ name }) => name);

/**
 * A raw row, in any form that a document, a list or CSV gives it, as a row object in JSON. What JSON cannot carry, or a
 * line may not hold, goes as `{}`, which is unusable on every side; what is no row goes as it is, to be rejected.
 */
export function serializeRow(row: unknown): Uint8Array {
  if (Array.isArray(row) && row.length >= 12) return Buffer.from(serializeArray(row));
  if (typeof row !== "object" || row === null || Array.isArray(row))
    return bounded(JSON.stringify(row) ?? "null", "null");
  const known = new Set<string>(names);
  const members = (ours: boolean) => Object.entries(row as RawRow).filter(([name]) => known.has(name) === ours);
  const own = members(true).map(([name, value]) => `"${name}":${leaf(value)}`);
  const others = members(false).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return bounded(`{${[...own, ...others].join(",")}}`, `{${own.join(",")}}`);
}

/** The text as bytes, or the shorter form where the text is no line that means the same; cut just beyond the limit. */
function bounded(text: string, shorter: string): Uint8Array {
  const isSound = text.length <= LINE_LIMIT && !hasUnpairedEscape(text) && !hasLongDigits(text) && !nestsTooDeep(text);
  const bytes = Buffer.from(isSound || shorter === "" ? text : shorter);
  return bytes.length > LINE_LIMIT && shorter !== "" && isSound ? Buffer.from(shorter) : cutLine(bytes);
}

/** A line beyond the limit is sent as just enough of it to be rejected as too large. */
export const cutLine = (line: Uint8Array): Uint8Array =>
  line.length > LINE_LIMIT ? line.subarray(0, LINE_LIMIT + 1) : line;

function serializeArray(row: readonly unknown[]): string {
  const parts: string[] = [];
  openskyOrder.forEach((name, i) => {
    const value = name === "last_contact" && row.length === 13 ? laterOf(row[3], row[4]) : row[i];
    if (name !== null && value !== undefined && value !== null) parts.push(`"${name}":${leaf(value)}`);
  });
  return `{${parts.join(",")}}`;
}

/** As the contract reads the 13 elements of 2016-17; what both leave unusable or null stays what element 4 was. */
function laterOf(position: unknown, velocity: unknown): unknown {
  const found = [coerceInteger(position), coerceInteger(velocity)].filter((time) => Number.isFinite(time));
  return found.length === 0 ? velocity : Math.max(...found);
}

function leaf(value: unknown): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value + 0) : UNUSABLE;
  if (typeof value === "object" && value !== null) return UNUSABLE;
  const text = JSON.stringify(value) ?? "null";
  return typeof value === "string" && (hasUnpairedEscape(text) || hasLongDigits(text)) ? UNUSABLE : text;
}

/** Bytes that are no line of text, such as the rest of CSV behind an unclosed quote, as one line that will be rejected. */
export function brokenLine(bytes: Uint8Array): Uint8Array {
  const line = Buffer.from(cutLine(bytes));
  for (let i = 0; i < line.length; i++) if (line[i] === 10) line[i] = 32;
  return line;
}

/** Turns what reading tells into lines of a stream chunk. A line that is one row is forwarded byte for byte, also a broken one. */
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
          ...toldBy(row),
          source: shape.source,
          line: isForwarded ? Buffer.from(line.raw.trimEnd()) : serializeRow(row ?? element),
        });
      }
    },
    record: (row) => emit({ ...toldBy(row), line: serializeRow(row) }),
    reject: (reason, { bytes }) =>
      emit({ ...unknown, line: reason === "not_csv" ? brokenLine(bytes) : cutLine(bytes) }),
  };
}

const unknown = { source: undefined, icao24: undefined, last_contact: undefined };

/** What a row tells of itself, uncoerced. */
function toldBy(row: unknown): Omit<RawLine, "line"> {
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
