import type { Batch } from "../../flight/batch.ts";

/**
 * Marks the newest row of each aircraft among `rows`: the greatest (last_contact, time_position with null least, source).
 * A byte per row of the batch, 1 where it is the newest. Of equals the first.
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
  const contact = (columns.last_contact[i] ?? 0) - (columns.last_contact[than] ?? 0);
  if (contact !== 0) return contact > 0;
  const position = positionTime(columns.time_position[i]) - positionTime(columns.time_position[than]);
  if (position !== 0) return position > 0;
  return (columns.source[i] ?? "") > (columns.source[than] ?? "");
}

const positionTime = (found: number | undefined): number => (found === undefined || Number.isNaN(found) ? -1 : found);
