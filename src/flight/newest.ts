import type { Batch } from "./batch.ts";

/**
 * The order of an aircraft's observations. The newest row is the greatest by these fields in turn, where a null
 * time_position is less than any time. SQL and the Spark job derive their orders from it.
 */
export const NEWEST_ORDER = ["last_contact", "time_position", "source"] as const;

/**
 * Marks the newest row of each aircraft among `rows`. Returns a byte per row of the batch, 1 for the newest. Of equal
 * rows the first is marked.
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

/** Null numbers are NaN in a column, and sort least. */
const sortKey = (cell: string | number | undefined): string | number =>
  cell === undefined || Number.isNaN(cell) ? -1 : cell;
