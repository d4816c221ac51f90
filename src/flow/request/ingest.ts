import { CHUNK_MEDIA_TYPE, decodeChunk } from "../../format/chunk.ts";
import { inflate } from "../../format/gzip.ts";
import { clean } from "../../flight/clean.ts";
import { countByReason } from "../../flight/rejection.ts";
import { readBody } from "../../format/body.ts";
import { batchRows, newDecoded, receivedRows, type Decoded } from "../../format/decoded.ts";
import { TooLargeError, UndecodableError } from "../../format/errors.ts";
import { gzip } from "../../format/gzip.ts";
import { writeCsv, writeNdjson } from "../../format/text-write.ts";
import { ConflictError, UnavailableError } from "../errors.ts";
import { bodyHash, ingestionId } from "../objects/ids.ts";
import { cleanKey, receiptKey, rawBodyKey, rejectedKey, type FlatFormat } from "../objects/keys.ts";
import type { ObjectStore, Queue } from "../ports.ts";
import { encodeRejected } from "./rejected.ts";

/** Rows take more memory than their bytes: a body of 64 MiB may hold 22 million of two bytes. */
const MAX_ROWS = 1_000_000;

export interface IngestRequest {
  /** As received: plain or gzip. */
  body: Uint8Array;
  /** Without parameters, lower case. */
  media_type: string;
  source: string | undefined;
  /** Of the flat file that is stored. */
  format: FlatFormat;
  idempotency_key: string | undefined;
  /** Unix seconds, floor */
  received_at: number;
}

export interface Ingested {
  id: string;
  received: number;
  cleaned: number;
  rejected: Record<string, number>;
}

/** What the receipt wrote down of an ingestion; the first writer wins, and later ones go by it. */
export interface IngestReceipt {
  id: string;
  received_at: number;
  source: string | null;
  format: FlatFormat;
  media_type: string;
  body_sha256: string;
  rows: number;
}

export interface IngestPorts {
  objects: ObjectStore;
  /** Where there is one to fill; a bucket notifies by itself. */
  queue?: Queue | undefined;
}

/**
 * Takes a body in: raw body, the receipt's record, rejections, and last the clean file, which is the commit. Every step may
 * be repeated. Throws `UndecodableError` (and nothing is stored), `TooLargeError`, `ConflictError` or `UnavailableError`.
 */
export async function ingest(request: IngestRequest, inflated: Uint8Array, ports: IngestPorts): Promise<Ingested> {
  if (inflated.length === 0) throw new UndecodableError("the body is empty");
  const decoded = decodeAs(request.media_type, inflated, request);
  const id = ingestionId(request, inflated);
  const { received_at, source = null, format, media_type } = request;
  const rows = receivedRows(decoded);
  const receipt = { id, received_at, source, format, media_type, body_sha256: bodyHash(inflated), rows };
  return ingestDecoded(decoded, { receipt, body: request.body }, ports);
}

/** Decodes an inflated body, or a stream record as it came, by its media type. `TooLargeError` beyond a million rows. */
export function decodeAs(
  media_type: string,
  bytes: Uint8Array,
  { source, received_at }: { source: string | undefined; received_at: number },
): Decoded {
  const decoded = newDecoded();
  const into = (): Decoded => {
    if (receivedRows(decoded) >= MAX_ROWS) throw new TooLargeError(`more than ${MAX_ROWS} rows`);
    return decoded;
  };
  if (media_type === CHUNK_MEDIA_TYPE) decodeChunk(bytes, { source: source ?? "", received_at, delivery: 0 }, into);
  else readBody(bytes, media_type, batchRows(into, { source, received_at, delivery: 0 }));
  return decoded;
}

/** Passes the receipt with what was decoded, and commits it. */
export async function ingestDecoded(
  decoded: Decoded,
  { receipt, body }: { receipt: IngestReceipt; body: Uint8Array },
  ports: IngestPorts,
): Promise<Ingested> {
  return commit(decoded, await writeReceipt(ports.objects, body, receipt), ports);
}

/** Stores body and receipt record, or finds those of the same request. */
async function writeReceipt(objects: ObjectStore, body: Uint8Array, receipt: IngestReceipt): Promise<IngestReceipt> {
  const put = await objects.put(rawBodyKey(receipt.id), body);
  // a body without its receipt record is a request that died here: under an Idempotency-Key it may have been another body
  if (put === "exists" && (await objects.get(receiptKey(receipt.id))) === null) await assertSameBody(objects, receipt);
  if ((await objects.put(receiptKey(receipt.id), Buffer.from(JSON.stringify(receipt)))) === "created") return receipt;
  const first = await readReceipt(objects, receipt.id);
  if (first === null) throw new UnavailableError(`the receipt record of ${receipt.id} cannot be read`);
  const same = (["source", "format", "media_type", "body_sha256"] as const).every(
    (name) => first[name] === receipt[name],
  );
  if (!same) throw new ConflictError("this Idempotency-Key was used with another request");
  return first;
}

async function assertSameBody(objects: ObjectStore, receipt: IngestReceipt): Promise<void> {
  const stored = await objects.get(rawBodyKey(receipt.id));
  if (stored !== null && bodyHash(inflate(stored)) !== receipt.body_sha256)
    throw new ConflictError("this Idempotency-Key was used with another body");
}

/** The receipt's record of an ingestion; null when there is none. */
export async function readReceipt(objects: ObjectStore, id: string): Promise<IngestReceipt | null> {
  const body = await objects.get(receiptKey(id));
  return body === null ? null : (JSON.parse(Buffer.from(body).toString("utf8")) as IngestReceipt);
}

/** Cleans what was decoded and writes rejections, then the clean file; announces it. */
async function commit(decoded: Decoded, receipt: IngestReceipt, { objects, queue }: IngestPorts): Promise<Ingested> {
  const { batch } = decoded;
  batch.received_at.fill(receipt.received_at, 0, batch.rows);
  const rejections = [...decoded.rejections, ...clean(batch)].map((one) => ({
    ...one,
    received_at: receipt.received_at,
  }));
  if (rejections.length > 0)
    await objects.put(rejectedKey("request", receipt.id, receipt.received_at), encodeRejected(rejections));
  const rows = { batch, received_at: true };
  const file = Buffer.concat([...(receipt.format === "csv" ? writeCsv(rows) : writeNdjson(rows))]);
  const key = cleanKey(receipt.id, receipt.received_at, receipt.format);
  await objects.put(key, gzip(file));
  await announce(queue, key);
  return { id: receipt.id, received: receipt.rows, cleaned: batch.rows, rejected: countByReason(rejections) };
}

/** A queue that does not answer keeps nobody waiting longer than this. */
const ANNOUNCE_MS = 2_000;

/** The objects are the truth: what a queue that is down was not told, the sweep finds. */
async function announce(queue: Queue | undefined, key: string): Promise<void> {
  if (queue === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ANNOUNCE_MS)));
  const sent = queue.send(key).catch((error: unknown) => {
    if (!(error instanceof UnavailableError)) throw error;
  });
  await Promise.race([sent, late]).finally(() => clearTimeout(timer));
}

/** Cleans an ingestion again from its raw body, for a receipt record whose clean file was never written. */
export async function cleanRaw(id: string, ports: IngestPorts): Promise<Ingested | null> {
  const receipt = await readReceipt(ports.objects, id);
  const body = await ports.objects.get(rawBodyKey(id));
  if (receipt === null || body === null) return null;
  const bytes = receipt.media_type === CHUNK_MEDIA_TYPE ? body : inflate(body);
  const of = { source: receipt.source ?? undefined, received_at: receipt.received_at };
  return commit(decodeAs(receipt.media_type, bytes, of), receipt, ports);
}
