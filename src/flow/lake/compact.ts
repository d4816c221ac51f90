import { createHash } from "node:crypto";
import { appendRows, selectRows } from "../../flight/batch-rows.ts";
import { newBatch, type Batch } from "../../flight/batch.ts";
import { identities } from "../../flight/identity.ts";
import { gunzip } from "../../format/gzip.ts";
import { readStoredNdjson, readStoredParquet, type StoredFile } from "../../format/stored-read.ts";
import { HOUR_S } from "../../time.ts";
import { lakeFolder, lakeHour, PREFIXES } from "../objects/keys.ts";
import type { ObjectStore } from "../ports.ts";
import { encodeLake, hourName, lakeExtension, rowsByHour, type LakeFormat } from "./write.ts";

/** An hour is compacted this long after its end, in s. A row that arrives later makes the next run compact it again. */
const GRACE_S = 15 * 60;
/** Bytes of a lake file after inflation. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024;

export interface Compacted {
  hours: number;
  files_before: number;
  files_after: number;
  rows: number;
  duplicates: number;
}

/**
 * Compacts the lake: splits mixed files by hour, then merges the files of each closed hour into one. Each batch writes a
 * file of its own, and many small files make queries slow. Of rows with the same identity it keeps the first by
 * (received_at, batch_id, row).
 *
 * It writes the merged file before it deletes the others, so no row is missing at any time. A query between the two
 * steps sees rows twice. The rows of one hour are in memory at a time.
 */
export async function compact(
  objects: ObjectStore,
  { format, now_s }: { format: LakeFormat; now_s: number },
): Promise<Compacted> {
  await splitMixed(objects, format);
  const total: Compacted = { hours: 0, files_before: 0, files_after: 0, rows: 0, duplicates: 0 };
  for (const [hour, keys] of await filesByHour(objects)) {
    if (keys.length < 2 || hour * HOUR_S + HOUR_S + GRACE_S > now_s) continue;
    const { rows, duplicates } = await mergeHour(objects, { hour, keys, format });
    total.hours++;
    total.files_before += keys.length;
    total.files_after++;
    total.rows += rows;
    total.duplicates += duplicates;
  }
  return total;
}

async function filesByHour(objects: ObjectStore): Promise<Map<number, string[]>> {
  const hours = new Map<number, string[]>();
  for await (const { key } of objects.list(PREFIXES.lakeHours)) {
    const start = lakeHour(key);
    if (start === null) continue;
    const at = start / HOUR_S;
    hours.set(at, [...(hours.get(at) ?? []), key]);
  }
  return hours;
}

async function mergeHour(
  objects: ObjectStore,
  { hour, keys, format }: { hour: number; keys: readonly string[]; format: LakeFormat },
): Promise<{ rows: number; duplicates: number }> {
  const files = await Promise.all(keys.map((key) => readLakeFile(objects, key)));
  const { batch, batch_id } = joinFiles(files);
  const order = Array.from({ length: batch.rows }, (_, i) => i).sort((a, b) => compareRows(batch, batch_id, [a, b]));
  const seen = identities(1024);
  const kept = order.filter((i) => seen.add(batch, i));
  const merged = selectRows(batch, kept);
  const name = `m${createHash("sha256").update(keys.join("\n")).digest("hex").slice(0, 32)}`;
  const key = `${lakeFolder(hourName(hour), name)}/part-0.${lakeExtension(format)}`;
  const ids = kept.map((i) => batch_id[i] ?? "");
  await objects.put(key, encodeLake({ batch: merged, received_at: true, batch_id: ids }, format));
  for (const old of keys) if (old !== key) await objects.delete(old);
  return { rows: kept.length, duplicates: batch.rows - kept.length };
}

/** Orders rows by arrival, then batch id. Rows of one file have ascending indices, so the index decides last. */
function compareRows(batch: Batch, ids: readonly string[], [a, b]: readonly [number, number]): number {
  const arrival = (batch.received_at[a] ?? 0) - (batch.received_at[b] ?? 0);
  if (arrival !== 0) return arrival;
  const [left = "", right = ""] = [ids[a], ids[b]];
  return left === right ? a - b : left < right ? -1 : 1;
}

/** Reads a lake file in either format. A missing file has no rows. */
export async function readLakeFile(objects: ObjectStore, key: string): Promise<StoredFile> {
  const body = await objects.get(key);
  if (body === null) return { batch: newBatch(1), batch_id: [] };
  return key.endsWith(".parquet") ? readStoredParquet(body) : readStoredNdjson(gunzip(body, MAX_FILE_BYTES));
}

function joinFiles(files: readonly StoredFile[]): StoredFile {
  const rows = files.reduce((sum, file) => sum + file.batch.rows, 0);
  const batch = newBatch(Math.max(1, rows));
  for (const file of files) appendRows(file.batch, batch);
  return { batch, batch_id: files.flatMap((file) => file.batch_id) };
}

async function splitMixed(objects: ObjectStore, format: LakeFormat): Promise<void> {
  for await (const { key } of objects.list(PREFIXES.lakeMixed)) {
    const { batch, batch_id } = await readLakeFile(objects, key);
    for (const [hour, rows] of rowsByHour(batch)) {
      const folder = lakeFolder(hourName(hour), batch_id[rows[0] ?? 0] ?? "mixed");
      const ids = rows.map((i) => batch_id[i] ?? "");
      const body = encodeLake({ batch: selectRows(batch, rows), received_at: true, batch_id: ids }, format);
      await objects.put(`${folder}/part-0.${lakeExtension(format)}`, body);
    }
    await objects.delete(key);
  }
}
