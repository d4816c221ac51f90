import { inflate } from "../../format/gzip.ts";
import { CHUNK_MEDIA_TYPE } from "../../format/chunk.ts";
import { clean } from "../../flight/clean.ts";
import { rowAt } from "../../flight/batch.ts";
import { rowText } from "../../flight/rejection.ts";
import type { Decoded } from "../../format/decoded.ts";
import { TooLargeError } from "../../format/errors.ts";
import { decodeAs, readReceipt } from "../request/ingest.ts";
import { flowOf } from "../objects/ids.ts";
import { cleanPrefix, rawBodyKey } from "../objects/keys.ts";
import { answering } from "./read-routes.ts";
import type { Flow, Ledger, LedgerRow, ObjectStore, Reader, StreamRecord } from "../ports.ts";
import type { StoredRow } from "../queries.ts";

/** How a stored row came to be. */
export interface RowProvenance {
  row: StoredRow;
  flow: Flow;
  /** Of the batch that stored it; null where the ledger holds none. */
  ledger: LedgerRow | null;
  /** Unix seconds of the clean file; null where cleaning and loading are one step. */
  cleaned_at: number | null;
  /** The raw row as JSON text, cut to `MAX_TEXT` characters; null where it is kept no more, or in too large a body. */
  raw: string | null;
}

const MAX_TEXT = 20_000;
/** A body is decoded whole to find one row in it; inflated bytes. */
const MAX_BODY = 16 * 1024 * 1024;

export interface ProvenancePorts {
  objects: ObjectStore;
  ledger: Ledger;
  reader: Reader | null;
  /** The stream's records of a batch that arrived at a Unix second; undefined where the stream cannot be asked for them. */
  recordsOf?: ((batch_id: string, arrived_at: number) => Promise<StreamRecord[]>) | undefined;
  /** Of stream records that name no source. */
  source: string;
}

/** Follows the newest row of an aircraft back to what arrived. Null when no row of it is stored. */
export async function provenanceOf(icao24: string, ports: ProvenancePorts): Promise<RowProvenance | null> {
  const [row] = await answering(ports.reader).aircraft({ icao24, limit: 1 });
  if (row === undefined) return null;
  const [batch_id, received_at] = [String(row["batch_id"]), Number(row["received_at"])];
  const flow: Flow = flowOf(batch_id);
  const ledger = await ports.ledger.batch({ id: batch_id, received_at });
  const found =
    flow === "request" ? await requestOrigin(row, ports) : { cleaned_at: null, raw: await rawOfStream(row, ports) };
  return { row, flow, ledger, ...found };
}

async function requestOrigin(
  row: StoredRow,
  { objects }: ProvenancePorts,
): Promise<Pick<RowProvenance, "cleaned_at" | "raw">> {
  const [id, received_at] = [String(row["batch_id"]), Number(row["received_at"])];
  let cleaned_at: number | null = null;
  for await (const { modified } of objects.list(cleanPrefix(id, received_at))) cleaned_at ??= modified;
  const receipt = await readReceipt(objects, id);
  const body = receipt === null ? null : await objects.get(rawBodyKey(id));
  if (receipt === null || body === null) return { cleaned_at, raw: null };
  const bytes = receipt.media_type === CHUNK_MEDIA_TYPE ? body : inflate(body);
  if (bytes.length > MAX_BODY) return { cleaned_at, raw: null };
  return {
    cleaned_at,
    raw: rawOf(row, decodeAs(receipt.media_type, bytes, { source: receipt.source ?? undefined, received_at })),
  };
}

async function rawOfStream(row: StoredRow, { recordsOf, source }: ProvenancePorts): Promise<string | null> {
  const received_at = Number(row["received_at"]);
  const records = (await recordsOf?.(String(row["batch_id"]), received_at)) ?? [];
  for (const { data } of records) {
    try {
      const found = rawOf(row, decodeAs(CHUNK_MEDIA_TYPE, data, { source, received_at }));
      if (found !== null) return found;
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
    }
  }
  return null;
}

/** The raw row whose clean form has the identity of `row`: the rules run once more to tell. */
function rawOf(row: StoredRow, { batch }: Decoded): string | null {
  const raws = [...batch.raw];
  // the ordinal is not needed any more: it carries each row's index through the rules
  for (let i = 0; i < batch.rows; i++) batch.ordinal[i] = i;
  batch.received_at.fill(Number(row["received_at"]), 0, batch.rows);
  clean(batch);
  for (let i = 0; i < batch.rows; i++) {
    const cleaned = rowAt(batch, i) as unknown as StoredRow;
    if (IDENTITY.every((name) => cleaned[name] === row[name]))
      return rowText(raws[batch.ordinal[i] ?? 0]).slice(0, MAX_TEXT);
  }
  return null;
}

const IDENTITY = ["icao24", "last_contact", "source", "time_position"] as const;
