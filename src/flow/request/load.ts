import { gunzip } from "../../format/gzip.ts";
import { readStoredCsv, readStoredNdjson } from "../../format/stored-read.ts";
import { sortedByReason, sumOfCounts } from "../../flight/rejection.ts";
import { contractTag } from "../../flight/contract.ts";
import { readLakeFile } from "../lake/compact.ts";
import { UnavailableError } from "../errors.ts";
import { cleanRaw, readReceipt, type IngestPorts } from "./ingest.ts";
import {
  cleanFilesPrefix,
  cleanPrefix,
  lakeBatch,
  parseCleanKey,
  PREFIXES,
  rawBodyKey,
  receiptId,
  type CleanName,
} from "../objects/keys.ts";
import type { Applied, Sink } from "../ports.ts";
import { readRejected } from "./rejected.ts";

export interface LoadPorts extends IngestPorts {
  sink: Sink;
}

/** Cleaned flat files are at most as long as what was sent, inflated, times what names of members add. */
const FLAT_LIMIT = 1024 * 1024 * 1024;

/** Loads one clean file as one delivery, however often it is called. Null when the object is gone. */
export async function loadClean(key: string, ports: LoadPorts): Promise<Applied | null> {
  const name = parseCleanKey(key);
  if (name === null) throw new Error(`not the key of a clean file: ${key}`);
  const body = await ports.objects.get(key);
  if (body === null) return null;
  const bytes = gunzip(body, FLAT_LIMIT);
  const { batch } = name.format === "csv" ? readStoredCsv(bytes) : readStoredNdjson(bytes);
  const rejected = await rejectedCounts(name, ports);
  const rows = batch.rows + sumOfCounts(rejected);
  const receipt = await readReceipt(ports.objects, name.id);
  const received_at = receipt?.received_at ?? batch.received_at[0] ?? name.hour_s;
  return ports.sink.apply({
    flow: "request",
    batch_id: name.id,
    contract: name.tag,
    arrived_at: received_at,
    deliveries: [{ id: name.id, received_at, rows, rejected }],
    batch,
  });
}

async function rejectedCounts({ rejected }: CleanName, { objects }: LoadPorts): Promise<Record<string, number>> {
  const body = await objects.get(rejected);
  if (body === null) return {};
  const counts: Record<string, number> = {};
  for await (const { reason } of readRejected(body)) counts[reason] = (counts[reason] ?? 0) + 1;
  return sortedByReason(counts);
}

/** Loads the object that a queue announced. Null when it is not a clean file, or was deleted. */
export async function loadAnnounced(key: string, ports: LoadPorts): Promise<Applied | null> {
  return parseCleanKey(key) === null ? null : loadClean(key, ports);
}

/** Loads one lake file: its rows grouped by the batch that stored them, each group a delivery of that batch's name. */
export async function loadLake(key: string, { objects, sink }: LoadPorts): Promise<number> {
  const { batch, batch_id } = await readLakeFile(objects, key);
  const ids = [...new Set(batch_id)];
  const rows = new Map<string, number>();
  for (let i = 0; i < batch.rows; i++) {
    const id = batch_id[i] ?? "";
    batch.delivery[i] = ids.indexOf(id);
    rows.set(id, (rows.get(id) ?? 0) + 1);
  }
  const received_at = batch.received_at.subarray(0, batch.rows).reduce((most, at) => Math.max(most, at), 0);
  const applied = await sink.apply({
    flow: "stream",
    batch_id: lakeBatch(key),
    contract: contractTag,
    arrived_at: received_at,
    deliveries: ids.map((id) => ({ id: `${id}@${key}`, received_at, rows: rows.get(id) ?? 0, rejected: {} })),
    batch,
  });
  return applied.accepted;
}

/** Objects younger than this may still be under way. */
const SETTLED_AFTER_S = 10;

export interface SweepOptions {
  /** Ids that need no more looking at, remembered from sweep to sweep. */
  known: Set<string>;
  /** Called with an object that cannot be cleaned or loaded; the others go on. */
  onPoison(id: string, error: unknown): void;
  /** Unix seconds */
  now_s?: number;
}

/**
 * One sweep: cleans raw bodies that have no clean file of any contract, and loads clean files without a delivery.
 * Returns how many were cleaned and loaded. Throws `UnavailableError` while a store is down.
 */
export async function sweep(ports: LoadPorts, options: SweepOptions): Promise<{ cleaned: number; loaded: number }> {
  const { known, now_s = Date.now() / 1000 } = options;
  const files = new Map<string, CleanFile>();
  for await (const { key, modified } of ports.objects.list(cleanFilesPrefix)) {
    const name = parseCleanKey(key);
    if (name !== null && modified <= now_s - SETTLED_AFTER_S && !known.has(name.id))
      files.set(name.id, { key, received_at: name.hour_s });
  }
  let cleaned = 0;
  let before = "";
  for await (const { key, modified } of ports.objects.list(PREFIXES.raw)) {
    const id = receiptId(key);
    // its body stands right before it, or is gone and with it what could be cleaned
    const hasBody = id !== null && before === rawBodyKey(id);
    before = key;
    if (id === null || !hasBody || known.has(id) || files.has(id) || modified > now_s - SETTLED_AFTER_S) continue;
    if (await hasClean(ports, id)) continue;
    const ingested = await unlessPoison(id, options, () => cleanRaw(id, ports));
    // without its body nothing is left to clean
    if (ingested === null) known.add(id);
    else cleaned++;
  }
  const loaded = await loadUndelivered(files, ports, options);
  return { cleaned, loaded };
}

/** Whether a clean file came since the listing; its folder is told by the receipt's record. */
async function hasClean({ objects }: LoadPorts, id: string): Promise<boolean> {
  const receipt = await readReceipt(objects, id);
  if (receipt === null) return true;
  for await (const _ of objects.list(cleanPrefix(id, receipt.received_at))) return true;
  return false;
}

const IDS_A_QUERY = 1_000;

interface CleanFile {
  key: string;
  /** Unix seconds of the hour that its key names: the same day as the arrival. */
  received_at: number;
}

async function loadUndelivered(
  files: Map<string, CleanFile>,
  ports: LoadPorts,
  options: SweepOptions,
): Promise<number> {
  let loaded = 0;
  const ids = [...files.keys()];
  for (let start = 0; start < ids.length; start += IDS_A_QUERY) {
    const some = ids.slice(start, start + IDS_A_QUERY);
    const delivered = await ports.sink.delivered(
      some.map((id) => ({ id, received_at: files.get(id)?.received_at ?? 0 })),
    );
    for (const id of some) {
      const load = () => loadClean(files.get(id)?.key ?? "", ports);
      if (!delivered.has(id) && (await unlessPoison(id, options, load)) !== null) loaded++;
      options.known.add(id);
    }
  }
  return loaded;
}

/** One object that is broken must not keep the others waiting; it is told once a process. Null then. */
async function unlessPoison<T>(id: string, { onPoison }: SweepOptions, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    onPoison(id, error);
    return null;
  }
}
