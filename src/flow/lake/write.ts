import { HOUR_S } from "../../time.ts";
import type { Batch } from "../../flight/batch.ts";
import { selectRows } from "../../flight/batch-rows.ts";
import { gzip } from "../../format/gzip.ts";
import { writeParquet } from "../../format/parquet-write.ts";
import type { StoredRows } from "../../format/stored.ts";
import { writeNdjson } from "../../format/text-write.ts";
import { hourFolder, lakeFolder, mixedFolder } from "../objects/keys.ts";
import type { ObjectStore } from "../ports.ts";

export type LakeFormat = "parquet" | "ndjson";

/** Beyond this many hours a batch goes to one mixed file, which `compact` splits: 168 files of a few rows help nobody. */
const MAX_HOURS = 64;

/** One file's bytes in the lake's format. */
export const encodeLake = (of: StoredRows, format: LakeFormat): Buffer =>
  format === "parquet" ? writeParquet(of) : gzip(Buffer.concat([...writeNdjson(of)]));

export const lakeExtension = (format: LakeFormat): string => (format === "parquet" ? "parquet" : "ndjson.gz");

/** The indices of a batch's rows by hour of last_contact, in their order. */
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

/** Writes a batch to its hours' folders, or to `mixed`. Writing the same batch again changes nothing. */
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
