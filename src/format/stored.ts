import type { Batch } from "../flight/batch.ts";
import { fields, systemFields, type Field } from "../flight/contract.ts";

/** Cleaned rows to write to a file, and the system columns that the file contains in addition to the record. */
export interface StoredRows {
  batch: Batch;
  /** Adds `received_at`. */
  received_at?: boolean;
  /** Adds `batch_id`: one for all rows, or one per row. */
  batch_id?: string | readonly string[];
}

/** The fields of the file, in order. */
export const storedFields = ({ received_at, batch_id }: StoredRows): readonly Field[] => [
  ...fields,
  ...(received_at === true ? [systemFields[0]] : []),
  ...(batch_id === undefined ? [] : [systemFields[1]]),
];

/** One batch id per row. */
export const batchIds = ({ batch, batch_id }: StoredRows): readonly string[] =>
  typeof batch_id === "string" ? Array.from<string>({ length: batch.rows }).fill(batch_id) : (batch_id ?? []);

/** The column of a field, by the field's name. */
export function columnOf(rows: StoredRows, name: string): ArrayLike<unknown> {
  if (name === "received_at") return rows.batch.received_at;
  if (name === "batch_id") return batchIds(rows);
  return rows.batch.columns[name as "icao24"];
}
