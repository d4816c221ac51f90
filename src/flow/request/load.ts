import { contractTag } from "../../flight/contract.ts";
import { sortedByReason, sumOfCounts } from "../../flight/rejection.ts";
import { gunzip } from "../../format/gzip.ts";
import { readStoredCsv, readStoredNdjson } from "../../format/stored-read.ts";
import { UnavailableError } from "../errors.ts";
import { readLakeFile } from "../lake/compact.ts";
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
import { cleanRaw, readReceipt, type IngestPorts } from "./ingest.ts";
import { readRejected } from "./rejected.ts";

export interface LoadPorts extends IngestPorts {
  sink: Sink;
}

/** Bytes of a clean file after inflation. It may be longer than its body, because NDJSON repeats member names. */
const MAX_FLAT_BYTES = 1024 * 1024 * 1024;

/** Loads a clean file as one delivery. Calling it again changes nothing. Null if the file was deleted. */
export async function loadClean(key: string, ports: LoadPorts): Promise<Applied | null> {
  const name = parseCleanKey(key);
  if (name === null) throw new Error(`${key} is not the key of a clean file`);
  const body = await ports.objects.get(key);
  if (body === null) return null;
  const bytes = gunzip(body, MAX_FLAT_BYTES);
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

/** Loads an object that a queue announced. Null if it is not a clean file or was deleted. */
export async function loadAnnounced(key: string, ports: LoadPorts): Promise<Applied | null> {
  return parseCleanKey(key) === null ? null : loadClean(key, ports);
}

/** Loads a lake file. The rows of each batch in the file are one delivery. Returns the number of accepted rows. */
export async function loadLake(key: string, { objects, sink }: LoadPorts): Promise<number> {
  const { batch, batch_id } = await readLakeFile(objects, key);
  const ids = [...new Set(batch_id)];
  const rows = new Map<string, number>();
  for (let i = 0; i < batch.rows; i++) {
    const id = batch_id[i] ?? "";
    batch.delivery[i] = ids.indexOf(id);
    rows.set(id, (rows.get(id) ?? 0) + 1);
  }
  const received_at = batch.received_at.subarray(0, batch.rows).reduce((newest, at) => Math.max(newest, at), 0);
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

/** An ingestion may still write its objects until they are this old, in s. The sweep leaves younger ones alone. */
const SETTLED_AFTER_S = 10;

export interface SweepOptions {
  /** Ids that are done. Callers keep the set from sweep to sweep, so that each id is checked once. */
  known: Set<string>;
  /** Called once per process and object that cannot be cleaned or loaded. The sweep continues with the others. */
  onBroken(id: string, error: unknown): void;
  /** Unix seconds */
  now_s?: number;
}

/**
 * The sweep completes ingestions that a crash or a lost message has interrupted. It cleans raw bodies without a clean file,
 * and loads clean files without a delivery. So the queue makes loading fast, and the sweep makes it certain. Returns the
 * numbers of cleaned and loaded ingestions. Throws `UnavailableError` while a store is down.
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
  let previous = "";
  for await (const { key, modified } of ports.objects.list(PREFIXES.raw)) {
    const id = receiptId(key);
    // In byte order, a body comes right before its receipt. Without it, retention has deleted it
    const hasBody = id !== null && previous === rawBodyKey(id);
    previous = key;
    if (id === null || !hasBody || known.has(id) || files.has(id) || modified > now_s - SETTLED_AFTER_S) continue;
    if (await hasClean(ports, id)) continue;
    const ingested = await unlessBroken(id, options, () => cleanRaw(id, ports));
    // Either the body is broken, or it was deleted since the listing
    if (ingested === null) known.add(id);
    else cleaned++;
  }
  const loaded = await loadUndelivered(files, ports, options);
  return { cleaned, loaded };
}

/** Whether an ingestion has a clean file by now, under any contract. The receipt determines its folder. */
async function hasClean({ objects }: LoadPorts, id: string): Promise<boolean> {
  const receipt = await readReceipt(objects, id);
  if (receipt === null) return true;
  for await (const _ of objects.list(cleanPrefix(id, receipt.received_at))) return true;
  return false;
}

const IDS_PER_QUERY = 1_000;

interface CleanFile {
  key: string;
  /** Unix seconds: the beginning of the hour in its key. The arrival is in that hour. */
  received_at: number;
}

async function loadUndelivered(
  files: Map<string, CleanFile>,
  ports: LoadPorts,
  options: SweepOptions,
): Promise<number> {
  let loaded = 0;
  const ids = [...files.keys()];
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    const queried = ids.slice(start, start + IDS_PER_QUERY);
    const delivered = await ports.sink.delivered(
      queried.map((id) => ({ id, received_at: files.get(id)?.received_at ?? 0 })),
    );
    for (const id of queried) {
      const load = () => loadClean(files.get(id)?.key ?? "", ports);
      if (!delivered.has(id) && (await unlessBroken(id, options, load)) !== null) loaded++;
      options.known.add(id);
    }
  }
  return loaded;
}

/** Runs `work`. Reports an error to `onBroken` and returns null, so that one broken object does not block the others. */
async function unlessBroken<T>(id: string, { onBroken }: SweepOptions, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    onBroken(id, error);
    return null;
  }
}
