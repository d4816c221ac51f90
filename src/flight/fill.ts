import { grow, UNUSABLE_TEXT, type Batch } from "./batch.ts";
import { coerceBoolean, coerceInteger, coerceNumber, coerceText, isWellFormed } from "./coerce.ts";
import { openskyOrder, rawFields, type Kind } from "./contract.ts";

/** The origin of a row: facts that the receiver adds to it. */
export interface Origin {
  source: string;
  /** Unix seconds */
  received_at: number;
  /** Index of the delivery within the batch. */
  delivery: number;
}

/** A raw row: an object with the contract's member names. A missing member is null. */
export type RawRow = Readonly<Record<string, unknown>>;

/**
 * Writes the leaves of one row to the columns, coerced by kind. There is one generated function per shape, because a loop
 * over field names costs a megamorphic property access per leaf. The common types are coerced inline, all others by
 * `coerce.ts`.
 */
type FillRow<R> = (batch: Batch, row: R) => void;

const inline: Record<Kind, (leaf: string) => string> = {
  text: (leaf) => `typeof ${leaf} === "string" ? text(${leaf}) : ${leaf} === null ? null : coerceText(${leaf})`,
  number: (leaf) =>
    `typeof ${leaf} === "number" ? (${leaf} - ${leaf} === 0 ? ${leaf} + 0 : Infinity) : ${leaf} === null ? NaN : coerceNumber(${leaf})`,
  integer: (leaf) =>
    `typeof ${leaf} === "number" && ${leaf} >= 0 && ${leaf} <= 9007199254740991 ? Math.floor(${leaf}) + 0 : ${leaf} === null ? NaN : coerceInteger(${leaf})`,
  boolean: (leaf) => `${leaf} === false ? 0 : ${leaf} === true ? 1 : coerceBoolean(${leaf})`,
};

/** `coerceText` for a string, with a fast path: most strings need no trimming. */
function text(leaf: string): string {
  const length = leaf.length;
  if (length === 0) return leaf;
  const first = leaf.charCodeAt(0);
  if (first <= 32 || leaf.charCodeAt(length - 1) <= 32) return coerceText(leaf) ?? leaf;
  return first === 123 || first === 91 || !isWellFormed(leaf) ? UNUSABLE_TEXT : leaf;
}

function compileFill<R>(leafOf: (name: string) => string): FillRow<R> {
  const lines = rawFields.map(
    ({ name, kind }) => `leaf = ${leafOf(name)}; columns.${name}[i] = ${inline[kind]("leaf")};`,
  );
  const body = `const columns = batch.columns, i = batch.rows; let leaf;\n${lines.join("\n")}`;
  // oxlint-disable-next-line typescript/no-implied-eval -- the source is generated from the contract's field names
  const make = new Function(
    ...["text", "coerceText", "coerceNumber", "coerceInteger", "coerceBoolean"],
    `return function fill(batch, row) {${body}\n}`,
  ) as (...parts: unknown[]) => FillRow<R>;
  return make(text, coerceText, coerceNumber, coerceInteger, coerceBoolean);
}

const fillObject = compileFill<RawRow>((name) => `row.${name}`);
const fillArray = compileFill<readonly unknown[]>((name) => `row[${openskyOrder.indexOf(name as "icao24")}]`);

/** The shortest array that is a row. It ends with `vertical_rate`. */
const MIN_ARRAY = 12;
const ARRAY_OF_2017 = 13;
const TIME_POSITION = 3;
const LAST_CONTACT = 4;

/**
 * Adds one raw row to the batch: an object, or an array of 12 elements or more in OpenSky's order. Returns false for
 * anything else and adds nothing. The caller then rejects the row as `not_an_object`.
 */
// oxlint-disable-next-line max-params -- called for every row: an object each time would cost more than the row
export function addRow(batch: Batch, row: unknown, origin: Origin, ordinal: number, raw: unknown = row): boolean {
  if (typeof row !== "object" || row === null) return false;
  if (batch.rows === batch.received_at.length) grow(batch);
  const i = batch.rows;
  if (Array.isArray(row)) {
    if (row.length < MIN_ARRAY) return false;
    fillArray(batch, row);
    if (row.length === ARRAY_OF_2017) batch.columns.last_contact[i] = laterContact(row);
  } else fillObject(batch, row as RawRow);
  batch.columns.source[i] = origin.source;
  batch.received_at[i] = origin.received_at;
  batch.delivery[i] = origin.delivery;
  batch.ordinal[i] = ordinal;
  batch.raw[i] = raw;
  batch.rows = i + 1;
  return true;
}

/** In 2016 and 2017, element 4 was `time_velocity`. The last contact is the later of elements 3 and 4, if usable. */
function laterContact(row: readonly unknown[]): number {
  const position = coerceInteger(row[TIME_POSITION]);
  const velocity = coerceInteger(row[LAST_CONTACT]);
  if (!Number.isFinite(position)) return velocity;
  return Number.isFinite(velocity) ? Math.max(position, velocity) : position;
}
