import { selectRows } from "../../flight/batch-rows.ts";
import type { Batch } from "../../flight/batch.ts";
import { gzip } from "../../format/gzip.ts";
import { writeParquet } from "../../format/parquet-write.ts";
import type { StoredRows } from "../../format/stored.ts";
import { writeNdjson } from "../../format/text-write.ts";
import { HOUR_S } from "../../time.ts";
import { hourFolder, lakeFolder, mixedFolder } from "../objects/keys.ts";
import type { ObjectStore } from "../ports.ts";

export type LakeFormat = "parquet" | "ndjson";

/** A batch that spans more hours is written to one mixed file, which `compact` splits. This avoids many tiny files. */
const MAX_HOURS = 64;

/** Encodes one file in the lake's format. */
export const encodeLake = (rows: StoredRows, format: LakeFormat): Buffer =>
  format === "parquet" ? writeParquet(rows) : gzip(Buffer.concat([...writeNdjson(rows)]));

export const lakeExtension = (format: LakeFormat): string => (format === "parquet" ? "parquet" : "ndjson.gz");

/** The indices of a batch's rows, grouped by hour of last_contact (in hours since 1970). */
export function rowsByHour(batch: Batch): Map<number, number[]> {
  const hours = new Map<number, number[]>();
  for (let i = 0; i < batch.rows; i++) {
    const hour = Math.floor((batch.columns.last_contact[i] ?? 0) / HOUR_S);
    const rows = hours.get(hour);
    if (rows === undefined) hours.set(hour, [i]);
    else rows.push(i);
  }
  return hours;
}

export const hourName = (hour: number): string => hourFolder(hour * HOUR_S);

/**
 * Writes a batch to the lake: one file in the folder of each hour, or one mixed file. Keys derive from the batch id, so
 * writing the same batch again changes nothing.
 */
export async function writeLake(
  objects: ObjectStore,
  { batch, batch_id, format }: { batch: Batch; batch_id: string; format: LakeFormat },
): Promise<void> {
  if (batch.rows === 0) return;
  const hours = rowsByHour(batch);
  const file = `part-0.${lakeExtension(format)}`;
  const put = (folder: string, rows: Batch) =>
    objects.put(`${folder}/${file}`, encodeLake({ batch: rows, received_at: true, batch_id }, format));
  if (hours.size > MAX_HOURS) await put(mixedFolder(batch_id), batch);
  else if (hours.size === 1) await put(lakeFolder(hourName([...hours.keys()][0] ?? 0), batch_id), batch);
  else for (const [hour, rows] of hours) await put(lakeFolder(hourName(hour), batch_id), selectRows(batch, rows));
}
