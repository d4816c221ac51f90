import { contractTag } from "../../flight/contract.ts";
import { NDJSON } from "../../format/body.ts";
import { receivedRows } from "../../format/decoded.ts";
import { bodyHash, replayId } from "../objects/ids.ts";
import { CHUNK, decodeAs, takeIn, type Ingested, type IngestWorld } from "./ingest.ts";
import { replayedKey } from "../objects/keys.ts";
import { readRejected, type RejectedRow } from "./rejected.ts";

export interface Replayed {
  rows: number;
  cleaned: number;
  rejected: number;
}

/** Keys of rejected objects that were written under another contract and not replayed under this one. */
export async function* openRejections({ objects }: IngestWorld): AsyncGenerator<string> {
  for await (const { key } of objects.list("rejected/"))
    if (!key.includes(`.${contractTag}.`) && (await objects.get(replayedKey(key))) === null) yield key;
}

/**
 * Sends each row of a rejected object through the door again, as a delivery of its own: the same row is taken once per
 * contract. Rows keep the time at which they first arrived. The object stays and is marked, unless `only` one of
 * its rows, counted from 0, is replayed. Null when there is no such object.
 */
export async function replayRejected(key: string, world: IngestWorld, only?: number): Promise<Replayed | null> {
  const body = await world.objects.get(key);
  if (body === null) return null;
  const original = key.replace(/^.*\//, "").split(".")[0] ?? "";
  const total: Replayed = { rows: 0, cleaned: 0, rejected: 0 };
  let index = 0;
  for await (const row of readRejected(body)) {
    const i = index++;
    if (only !== undefined && i < only) continue;
    const id = replayId(original, `${row.place}/${i}`, contractTag);
    const { received, cleaned } = await replayRow(row, id, world);
    total.rows += received;
    total.cleaned += cleaned;
    total.rejected += received - cleaned;
    if (i === only) break;
  }
  if (only === undefined)
    await world.objects.put(replayedKey(key), Buffer.from(JSON.stringify({ contract: contractTag, ...total })));
  return total;
}

function replayRow(row: RejectedRow, id: string, world: IngestWorld): Promise<Ingested> {
  const bytes = row.row === undefined ? Buffer.from(row.bytes ?? "", "base64") : Buffer.from(row.row);
  const { received_at, source, place } = row;
  // place 0 is a chunk as a whole
  const media_type = place === 0 ? CHUNK : NDJSON;
  const decoded = decodeAs(media_type, bytes, { source, received_at });
  const rows = receivedRows(decoded);
  const door = { id, received_at, source, format: "ndjson" as const, media_type, body_sha256: bodyHash(bytes), rows };
  return takeIn(decoded, { door, body: bytes }, world);
}
