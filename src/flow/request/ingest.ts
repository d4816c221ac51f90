import { clean } from "../../flight/clean.ts";
import { countByReason } from "../../flight/rejection.ts";
import { readBody } from "../../format/body.ts";
import { CHUNK_MEDIA_TYPE, decodeChunk } from "../../format/chunk.ts";
import { batchRows, newDecoded, receivedRows, type Decoded } from "../../format/decoded.ts";
import { TooLargeError, UndecodableError } from "../../format/errors.ts";
import { inflate, gzip } from "../../format/gzip.ts";
import { writeCsv, writeNdjson } from "../../format/text-write.ts";
import { ConflictError, UnavailableError } from "../errors.ts";
import { bodyHash, ingestionId } from "../objects/ids.ts";
import { cleanKey, receiptKey, rawBodyKey, rejectedKey, type FlatFormat } from "../objects/keys.ts";
import type { ObjectStore, Queue } from "../ports.ts";
import { encodeRejected } from "./rejected.ts";

/** A row takes more memory than its bytes, and a body of 64 MiB may contain 22 million rows such as `{}`. */
const MAX_ROWS = 1_000_000;

export interface IngestRequest {
  /** As received: plain or gzip. */
  body: Uint8Array;
  /** In lower case, without parameters. */
  media_type: string;
  source: string | undefined;
  /** Format of the clean file. */
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

/**
 * A receipt describes one ingestion. It is written once, after the raw body, and never changes: the first writer wins, and
 * a repeated request continues with the first receipt. Reconciliation counts the rows of all receipts.
 */
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
  /** Announces clean files to the loader. Unset on AWS, where the bucket sends notifications. */
  queue?: Queue | undefined;
}

/**
 * Ingests a body. It writes the raw body, the receipt, the rejected rows and the clean file, in this order.
 *
 * The clean file is the commit: once it exists, the loader or the sweep will load it, and until then nothing is loaded. Each
 * object is created once and its content depends only on the request and the receipt. So a retry, or the sweep after a
 * crash, repeats all steps and gets the same objects.
 *
 * Throws `UndecodableError` or `TooLargeError` before anything is stored. Throws `ConflictError` if the Idempotency-Key was
 * used for another request, and `UnavailableError` if the store is down.
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

/**
 * Decodes an inflated body, or a stream record as it arrived, by its media type. Throws `UndecodableError`, and
 * `TooLargeError` for more than a million rows.
 */
export function decodeAs(
  media_type: string,
  bytes: Uint8Array,
  { source, received_at }: { source: string | undefined; received_at: number },
): Decoded {
  const decoded = newDecoded();
  const into = (): Decoded => {
    if (receivedRows(decoded) >= MAX_ROWS) throw new TooLargeError(`the body has more than ${MAX_ROWS} rows`);
    return decoded;
  };
  if (media_type === CHUNK_MEDIA_TYPE) decodeChunk(bytes, { source: source ?? "", received_at, delivery: 0 }, into);
  else readBody(bytes, media_type, batchRows(into, { source, received_at, delivery: 0 }));
  return decoded;
}

/** Writes body and receipt of a decoded body, and commits it. */
export async function ingestDecoded(
  decoded: Decoded,
  { receipt, body }: { receipt: IngestReceipt; body: Uint8Array },
  ports: IngestPorts,
): Promise<Ingested> {
  return commit(decoded, await writeReceipt(ports.objects, body, receipt), ports);
}

/** Stores body and receipt. Returns the first receipt if the request is a repeat. */
async function writeReceipt(objects: ObjectStore, body: Uint8Array, receipt: IngestReceipt): Promise<IngestReceipt> {
  const put = await objects.put(rawBodyKey(receipt.id), body);
  // A body without a receipt is from a request that failed here. With an Idempotency-Key, it may be a different body
  if (put === "exists" && (await objects.get(receiptKey(receipt.id))) === null) await assertSameBody(objects, receipt);
  if ((await objects.put(receiptKey(receipt.id), Buffer.from(JSON.stringify(receipt)))) === "created") return receipt;
  const first = await readReceipt(objects, receipt.id);
  if (first === null) throw new UnavailableError(`the receipt of ${receipt.id} cannot be read`);
  const same = (["source", "format", "media_type", "body_sha256"] as const).every(
    (name) => first[name] === receipt[name],
  );
  if (!same) throw new ConflictError("this Idempotency-Key was used for a different request. Use a new key");
  return first;
}

async function assertSameBody(objects: ObjectStore, receipt: IngestReceipt): Promise<void> {
  const stored = await objects.get(rawBodyKey(receipt.id));
  if (stored !== null && bodyHash(inflate(stored)) !== receipt.body_sha256)
    throw new ConflictError("this Idempotency-Key was used for a different body. Use a new key");
}

/** Reads the receipt of an ingestion. Null if there is none. */
export async function readReceipt(objects: ObjectStore, id: string): Promise<IngestReceipt | null> {
  const body = await objects.get(receiptKey(id));
  return body === null ? null : (JSON.parse(Buffer.from(body).toString("utf8")) as IngestReceipt);
}

/** Cleans decoded rows, writes the rejected rows and then the clean file, and announces the file. */
async function commit(decoded: Decoded, receipt: IngestReceipt, { objects, queue }: IngestPorts): Promise<Ingested> {
  const { batch } = decoded;
  batch.received_at.fill(receipt.received_at, 0, batch.rows);
  const rejections = [...decoded.rejections, ...clean(batch)].map((rejection) => ({
    ...rejection,
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

/** A client waits at most this long for a queue that does not respond. */
const ANNOUNCE_MS = 2_000;

/** Announces a clean file. A failure of the queue is ignored, because the sweep finds files that were not announced. */
async function announce(queue: Queue | undefined, key: string): Promise<void> {
  if (queue === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ANNOUNCE_MS)));
  const sent = queue.send(key).catch((error: unknown) => {
    if (!(error instanceof UnavailableError)) throw error;
  });
  await Promise.race([sent, late]).finally(() => clearTimeout(timer));
}

/** The bytes of a stored raw body that `decodeAs` reads. A stream record is stored, and decoded, as it arrived. */
export const inflateRaw = ({ media_type }: IngestReceipt, body: Uint8Array): Uint8Array =>
  media_type === CHUNK_MEDIA_TYPE ? body : inflate(body);

/** Cleans an ingestion from its raw body, if its clean file was not written. Null if the body or the receipt is missing. */
export async function cleanRaw(id: string, ports: IngestPorts): Promise<Ingested | null> {
  const receipt = await readReceipt(ports.objects, id);
  const body = await ports.objects.get(rawBodyKey(id));
  if (receipt === null || body === null) return null;
  const origin = { source: receipt.source ?? undefined, received_at: receipt.received_at };
  return commit(decodeAs(receipt.media_type, inflateRaw(receipt, body), origin), receipt, ports);
}
