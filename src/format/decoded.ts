import { newBatch, type Batch } from "../flight/batch.ts";
import { addRow, type Origin } from "../flight/fill.ts";
import { rowText, type Rejection } from "../flight/rejection.ts";

/** What decoding fills: coerced rows, and what was rejected before it could become a row. */
export interface Decoded {
  batch: Batch;
  rejections: Rejection[];
}

/** As `Origin`, but a source that is not given follows the shape: opensky, readsb or adsblol. */
export interface BodyOrigin extends Omit<Origin, "source"> {
  source: string | undefined;
}

export const newDecoded = (capacity = 1024): Decoded => ({ batch: newBatch(capacity), rejections: [] });

/** Rows and rejections so far: what was received. */
export const receivedRows = ({ batch, rejections }: Decoded): number => batch.rows + rejections.length;

/** Adds a raw row, or its rejection as `not_an_object`. */
export function addOrReject(into: Decoded, row: unknown, origin: Origin, at: { place: number; raw?: unknown }): void {
  const raw = at.raw ?? row;
  if (!addRow(into.batch, row, origin, at.place, raw)) reject(into, "not_an_object", origin, { ...at, row: rowText(raw) });
}

/** Records a rejection of decoding with what arrived. */
export function reject(
  into: Decoded,
  reason: string,
  origin: Omit<Origin, "source">,
  what: { place: number; row?: string; bytes?: Uint8Array },
): void {
  into.rejections.push({
    reason,
    field: null,
    delivery: origin.delivery,
    place: what.place,
    received_at: origin.received_at,
    content: what.bytes === undefined ? { row: what.row ?? "" } : { bytes: what.bytes },
  });
}
