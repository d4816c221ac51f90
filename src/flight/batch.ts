import { flagNames, fields, rawFields, type StateVector } from "./contract.ts";

/**
 * A batch of columns: a number of rows, and one array per field. Flows decode, clean and store rows in this form, because
 * typed arrays cost less memory and time than an object per row.
 *
 * Number and integer columns are Float64Array. Null is NaN. Integers are exact up to 2^53 - 1. Text columns are plain
 * arrays with null. Boolean columns contain 0, 1 or `NULL_BOOLEAN`.
 *
 * Before cleaning, a value may also be unusable: it arrived, but it cannot be read as its kind. Each kind marks this with a
 * value that no clean row contains: Infinity in numbers, `UNUSABLE_BOOLEAN` in booleans, `UNUSABLE_TEXT` in text. All text
 * that begins with `{` is unusable, so `UNUSABLE_TEXT` cannot be mistaken for data.
 */
export interface Batch {
  rows: number;
  columns: Columns;
  /** Unix seconds of arrival, per row. */
  received_at: Float64Array;
  /** Index of the delivery that contained the row. */
  delivery: Int32Array;
  /** Number of the row's line or element in its delivery, from 1. Zero: the delivery as a whole. */
  ordinal: Float64Array;
  /** The unit of `ordinal`: lines of NDJSON and CSV, or elements of a JSON document. */
  ordinal_unit: OrdinalUnit;
  /** The raw rows, until they are cleaned. Text is the line as it arrived. Any other value is shown as JSON. */
  raw: unknown[];
}

export type OrdinalUnit = "line" | "element";

export type TextColumn = (string | null)[];
type ColumnOf<K> = K extends "text" ? TextColumn : K extends "boolean" ? Uint8Array : Float64Array;
type RawColumns = { [F in (typeof rawFields)[number] as F["name"]]: ColumnOf<F["kind"]> };
/** `flags` has one bit per name of `flagNames`. `flagText` converts it to text. */
export type Columns = RawColumns & { source: string[]; flags: Int32Array };

export const UNUSABLE_TEXT = "{";
export const UNUSABLE_NUMBER = Infinity;
export const NULL_BOOLEAN = 2;
export const UNUSABLE_BOOLEAN = 3;

/** An empty batch with room for `capacity` rows. */
export function newBatch(capacity: number): Batch {
  const columns: Record<string, unknown> = { source: [], flags: new Int32Array(capacity) };
  for (const { name, kind } of rawFields)
    columns[name] = kind === "text" ? [] : kind === "boolean" ? new Uint8Array(capacity) : new Float64Array(capacity);
  return {
    rows: 0,
    columns: columns as Columns,
    received_at: new Float64Array(capacity),
    delivery: new Int32Array(capacity),
    ordinal: new Float64Array(capacity),
    ordinal_unit: "line",
    raw: [],
  };
}

/** Doubles the typed columns. They are new arrays afterwards, so callers must read them from the batch again. */
export function grow(batch: Batch): void {
  const capacity = batch.received_at.length * 2;
  const doubled = <T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T => (to.set(from), to);
  const columns = batch.columns as unknown as Record<string, unknown>;
  for (const [name, column] of Object.entries(columns)) {
    if (column instanceof Float64Array) columns[name] = doubled(column, new Float64Array(capacity));
    else if (column instanceof Uint8Array) columns[name] = doubled(column, new Uint8Array(capacity));
    else if (column instanceof Int32Array) columns[name] = doubled(column, new Int32Array(capacity));
  }
  batch.received_at = doubled(batch.received_at, new Float64Array(capacity));
  batch.delivery = doubled(batch.delivery, new Int32Array(capacity));
  batch.ordinal = doubled(batch.ordinal, new Float64Array(capacity));
}

const flagTexts = new Map<number, string>([[0, ""]]);

/** The names of the bits of `mask`, sorted and joined by commas. */
export function flagText(mask: number): string {
  let text = flagTexts.get(mask);
  if (text === undefined) {
    text = flagNames.filter((_, bit) => mask & (1 << bit)).join(",");
    flagTexts.set(mask, text);
  }
  return text;
}

/** The inverse of `flagText`. Throws for an unknown name: it reads only files that Flightline wrote. */
export function flagMask(text: string): number {
  if (text === "") return 0;
  let mask = 0;
  for (const name of text.split(",")) {
    const bit = flagNames.indexOf(name);
    if (bit < 0) throw new Error(`unknown flag ${name}. Allowed: ${flagNames.join(", ")}`);
    mask |= 1 << bit;
  }
  return mask;
}

/** Row `i` of a cleaned batch as an object, with members in the record's order. For tests and small responses. */
export function rowAt(batch: Batch, i: number): StateVector {
  const row: Record<string, unknown> = {};
  for (const field of fields) row[field.name] = cell(batch, field, i);
  return row as unknown as StateVector;
}

function cell(batch: Batch, { name, kind }: (typeof fields)[number], i: number): unknown {
  if (name === "flags") return flagText(batch.columns.flags[i] ?? 0);
  const value = batch.columns[name][i];
  if (kind === "boolean") return value === 1;
  return typeof value === "number" && Number.isNaN(value) ? null : value;
}
