import type { Batch } from "../flight/batch.ts";
import { fields, systemFields, type Field } from "../flight/contract.ts";

/** Cleaned rows with the columns that a file of them carries: the record alone, or what the store adds. */
export interface StoredRows {
  batch: Batch;
  /** Adds `received_at`. */
  received_at?: boolean;
  /** Adds `batch_id`: the same for all rows, or one per row. */
  batch_id?: string | readonly string[];
}

/** The members of such a file, in order. */
export const storedFields = (of: StoredRows): readonly Field[] => [
  ...fields,
  ...(of.received_at === true ? [systemFields[0]] : []),
  ...(of.batch_id === undefined ? [] : [systemFields[1]]),
];

/** The batch ids as one per row. */
export const batchIds = (of: StoredRows): readonly string[] =>
  typeof of.batch_id === "string"
    ? Array.from<string>({ length: of.batch.rows }).fill(of.batch_id)
    : (of.batch_id ?? []);

/** A cell's column by its field's name. */
export function columnOf(of: StoredRows, name: string): ArrayLike<unknown> {
  if (name === "received_at") return of.batch.received_at;
  if (name === "batch_id") return batchIds(of);
  return of.batch.columns[name as "icao24"];
}
