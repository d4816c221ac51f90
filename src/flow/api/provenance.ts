import { rowAt } from "../../flight/batch.ts";
import { clean } from "../../flight/clean.ts";
import { IDENTITY_ORDER } from "../../flight/identity.ts";
import { rowText } from "../../flight/rejection.ts";
import { CHUNK_MEDIA_TYPE } from "../../format/chunk.ts";
import type { Decoded } from "../../format/decoded.ts";
import { TooLargeError } from "../../format/errors.ts";
import { flowOf } from "../objects/ids.ts";
import { cleanPrefix, rawBodyKey } from "../objects/keys.ts";
import type { Flow, Ledger, LedgerRow, ObjectStore, Reader, StreamRecord } from "../ports.ts";
import type { StoredRow } from "../queries.ts";
import { decodeAs, inflateRaw, readReceipt } from "../request/ingest.ts";
import { requireReader } from "./read-routes.ts";

/** The provenance of a stored row: the steps from its arrival to the table. */
export interface RowProvenance {
  row: StoredRow;
  flow: Flow;
  /** The ledger row of the batch that stored the row. Null if the ledger does not have it. */
  ledger: LedgerRow | null;
  /** Unix seconds of the clean file. Null in the stream flow, which cleans and stores rows in one step. */
  cleaned_at: number | null;
  /**
   * The raw row as JSON text, cut to `MAX_TEXT` characters. Null if retention has deleted it or its body is larger than
   * `MAX_BODY`.
   */
  raw: string | null;
}

const MAX_TEXT = 20_000;
/** Bytes after inflation. The whole body is decoded to find one row in it. */
const MAX_BODY = 16 * 1024 * 1024;

export interface ProvenancePorts {
  objects: ObjectStore;
  ledger: Ledger;
  reader: Reader | null;
  /** Returns a batch's stream records that arrived at a Unix second. Undefined if the stream cannot look them up. */
  recordsOf?: ((batch_id: string, arrived_at: number) => Promise<StreamRecord[]>) | undefined;
  /** The source of stream records that name none. */
  source: string;
}

/** Traces the newest row of an aircraft back to its raw row. Null if no row of the aircraft is stored. */
export async function provenanceOf(icao24: string, ports: ProvenancePorts): Promise<RowProvenance | null> {
  const [row] = await requireReader(ports.reader).aircraft({ icao24, limit: 1 });
  if (row === undefined) return null;
  const [batch_id, received_at] = [String(row["batch_id"]), Number(row["received_at"])];
  const flow = flowOf(batch_id);
  const ledger = await ports.ledger.batch({ id: batch_id, received_at });
  const origin =
    flow === "request" ? await requestOrigin(row, ports) : { cleaned_at: null, raw: await rawOfStream(row, ports) };
  return { row, flow, ledger, ...origin };
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
  const bytes = inflateRaw(receipt, body);
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
      const raw = rawOf(row, decodeAs(CHUNK_MEDIA_TYPE, data, { source, received_at }));
      if (raw !== null) return raw;
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
    }
  }
  return null;
}

/** Finds the raw row that has the identity of `row` after cleaning. The rules run again, because they change fields. */
function rawOf(row: StoredRow, { batch }: Decoded): string | null {
  const raws = [...batch.raw];
  // Cleaning removes rejected rows. The ordinal, which is not needed here, keeps the index of each raw row
  for (let i = 0; i < batch.rows; i++) batch.ordinal[i] = i;
  batch.received_at.fill(Number(row["received_at"]), 0, batch.rows);
  clean(batch);
  for (let i = 0; i < batch.rows; i++) {
    const cleaned = rowAt(batch, i) as unknown as StoredRow;
    if (IDENTITY_ORDER.every((name) => cleaned[name] === row[name]))
      return rowText(raws[batch.ordinal[i] ?? 0]).slice(0, MAX_TEXT);
  }
  return null;
}
