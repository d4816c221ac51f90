import { contractTag } from "../../flight/contract.ts";
import { NDJSON } from "../../format/body.ts";
import { CHUNK_MEDIA_TYPE } from "../../format/chunk.ts";
import { receivedRows } from "../../format/decoded.ts";
import { bodyHash, replayId } from "../objects/ids.ts";
import { parseRejectedKey, PREFIXES, replayedKey } from "../objects/keys.ts";
import { decodeAs, ingestDecoded, type Ingested, type IngestPorts } from "./ingest.ts";
import { readRejected, type RejectedRow } from "./rejected.ts";

export interface Replayed {
  rows: number;
  cleaned: number;
  rejected: number;
}

/** The keys of rejected objects that were written under another contract and were not replayed under this one. */
export async function* openRejections({ objects }: IngestPorts): AsyncGenerator<string> {
  for await (const { key } of objects.list(PREFIXES.rejected))
    if (parseRejectedKey(key)?.tag !== contractTag && (await objects.get(replayedKey(key))) === null) yield key;
}

/**
 * Replays a rejected object: ingests each of its rows again, as a delivery of its own. A row is ingested once per contract,
 * and keeps the time of its first arrival. Afterwards the object is marked as replayed. With `only`, the row with this index
 * is replayed and the object is not marked. Null if the object does not exist.
 */
export async function replayRejected(key: string, ports: IngestPorts, only?: number): Promise<Replayed | null> {
  const body = await ports.objects.get(key);
  if (body === null) return null;
  const original = parseRejectedKey(key)?.id ?? "";
  const total: Replayed = { rows: 0, cleaned: 0, rejected: 0 };
  let index = 0;
  for await (const row of readRejected(body)) {
    const i = index++;
    if (only !== undefined && i < only) continue;
    const id = replayId(original, `${ordinalOf(row)}/${i}`, contractTag);
    const { received, cleaned } = await replayRow(row, id, ports);
    total.rows += received;
    total.cleaned += cleaned;
    total.rejected += received - cleaned;
    if (i === only) break;
  }
  if (only === undefined)
    await ports.objects.put(replayedKey(key), Buffer.from(JSON.stringify({ contract: contractTag, ...total })));
  return total;
}

/** The line or element that a row came from. Zero: a stream record as a whole. */
function ordinalOf({ line, element }: RejectedRow): number {
  const ordinal = line ?? element;
  if (ordinal === undefined)
    throw new Error("the rejected object names no line and no element: an unreleased version wrote it");
  return ordinal;
}

function replayRow(row: RejectedRow, id: string, ports: IngestPorts): Promise<Ingested> {
  const bytes = row.row === undefined ? Buffer.from(row.bytes ?? "", "base64") : Buffer.from(row.row);
  const { received_at, source } = row;
  const media_type = ordinalOf(row) === 0 ? CHUNK_MEDIA_TYPE : NDJSON;
  const decoded = decodeAs(media_type, bytes, { source, received_at });
  const rows = receivedRows(decoded);
  const receipt = {
    id,
    received_at,
    source,
    format: "ndjson" as const,
    media_type,
    body_sha256: bodyHash(bytes),
    rows,
  };
  return ingestDecoded(decoded, { receipt, body: bytes }, ports);
}
