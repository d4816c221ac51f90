import type { Batch } from "./batch.ts";

/**
 * The order of an aircraft's observations. Rows are compared by these fields in turn, and the newest row is the greatest.
 * A null time_position is less than any time. SQL and the Spark job derive their orders from this list.
 */
export const NEWEST_ORDER = ["last_contact", "time_position", "source"] as const;

/**
 * Marks the newest row of each aircraft among `rows`. Returns one byte per row of the batch, 1 for the newest. Among equal
 * rows, the first is marked.
 */
export function newestRows(batch: Batch, rows: Int32Array): Uint8Array {
  const newest = new Map<string, number>();
  for (const i of rows) {
    const icao24 = batch.columns.icao24[i] ?? "";
    const known = newest.get(icao24);
    if (known === undefined || isNewer(batch, i, known)) newest.set(icao24, i);
  }
  const marks = new Uint8Array(batch.rows);
  for (const i of newest.values()) marks[i] = 1;
  return marks;
}

function isNewer({ columns }: Batch, i: number, than: number): boolean {
  for (const name of NEWEST_ORDER) {
    const [key, other] = [sortKey(columns[name][i]), sortKey(columns[name][than])];
    if (key !== other) return key > other;
  }
  return false;
}

/** A null number is NaN in a column. It sorts before every other value. */
const sortKey = (cell: string | number | undefined): string | number =>
  cell === undefined || Number.isNaN(cell) ? -1 : cell;
