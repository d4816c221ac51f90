import { grow, newBatch, type Batch, type Columns } from "./batch.ts";
import { identities, type Identities } from "./identity.ts";

/**
 * Operations on whole rows of cleaned batches: copy, select, append, drop. They copy columns and never make an object per
 * row. A cleaned batch has no raw rows, so `raw` is not copied.
 */

/**
 * Copies rows of a cleaned batch to the beginning of `to`, which must have room for them. `rows` are indices into `from`.
 * `to` may be `from` when the indices ascend, because then each row is copied before it is overwritten.
 */
export function moveRows(from: Batch, rows: readonly number[], to: Batch): void {
  const columns = Object.entries(to.columns) as [keyof Columns, { [i: number]: unknown }][];
  for (const [name, column] of columns) {
    const source = from.columns[name];
    for (let k = 0; k < rows.length; k++) column[k] = source[rows[k] ?? 0];
  }
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k] ?? 0;
    to.received_at[k] = from.received_at[i] ?? 0;
    to.delivery[k] = from.delivery[i] ?? 0;
    to.ordinal[k] = from.ordinal[i] ?? 0;
  }
  to.rows = rows.length;
}

/** A new batch of the rows with these indices. */
export function selectRows(batch: Batch, rows: readonly number[]): Batch {
  const selected = newBatch(rows.length);
  moveRows(batch, rows, selected);
  return selected;
}

/** Appends the rows of a cleaned batch to another, which grows as needed. */
export function appendRows(from: Batch, to: Batch): void {
  while (to.received_at.length < to.rows + from.rows) grow(to);
  const copy = (source: unknown, target: unknown): void => {
    if (Array.isArray(source) && Array.isArray(target))
      for (let i = 0; i < from.rows; i++) target[to.rows + i] = source[i] as unknown;
    else (target as Float64Array).set((source as Float64Array).subarray(0, from.rows), to.rows);
  };
  for (const name of Object.keys(to.columns) as (keyof Columns)[]) copy(from.columns[name], to.columns[name]);
  for (const name of ["received_at", "delivery", "ordinal"] as const) copy(from[name], to[name]);
  to.rows += from.rows;
}

/**
 * Keeps the first row of each identity, in place, and adds the identities to `seen`. Returns how many rows were dropped.
 * A dropped row is a duplicate: another row with the same identity was kept before it.
 */
export function dropDuplicates(batch: Batch, seen: Identities): number {
  const { rows } = batch;
  const kept: number[] = [];
  for (let i = 0; i < rows; i++) if (seen.add(batch, i)) kept.push(i);
  if (kept.length < rows) moveRows(batch, kept, batch);
  return rows - kept.length;
}

/**
 * The rows of one delivery of a batch, each identity once. A store without transactions applies one delivery at a time.
 */
export function rowsOfDelivery(batch: Batch, delivery: number): Batch {
  const rows: number[] = [];
  for (let i = 0; i < batch.rows; i++) if (batch.delivery[i] === delivery) rows.push(i);
  const selected = selectRows(batch, rows);
  dropDuplicates(selected, identities());
  return selected;
}
