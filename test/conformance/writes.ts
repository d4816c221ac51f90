import { newBatch, type Batch } from "../../src/flight/batch.ts";
import { clean } from "../../src/flight/clean.ts";
import { addRow } from "../../src/flight/fill.ts";
import type { BatchWrite, Flow } from "../../src/flow/ports.ts";

/** A delivery with its rows, and the numbers of its rejected rows by reason. */
export interface DeliveryRows {
  id: string;
  rows: readonly Record<string, unknown>[];
  rejected?: Record<string, number>;
}

/** Unix seconds. */
export const RECEIVED_AT = 1_800_000_000;

/** A write as the flows build it. Its batch may contain an identity more than once. */
export function batchWrite(
  batch_id: string,
  deliveriesRows: readonly DeliveryRows[],
  flow: Flow = "stream",
): BatchWrite {
  const batch: Batch = newBatch(64);
  deliveriesRows.forEach(({ rows }, delivery) =>
    rows.forEach((row, ordinal) =>
      addRow(batch, row, { source: "opensky", received_at: RECEIVED_AT, delivery }, ordinal),
    ),
  );
  clean(batch);
  const deliveries = deliveriesRows.map(({ id, rows, rejected = {} }) => ({
    id,
    received_at: RECEIVED_AT,
    rejected,
    rows: rows.length + Object.values(rejected).reduce((sum, n) => sum + n, 0),
  }));
  return { flow, batch_id, contract: "00000000", arrived_at: RECEIVED_AT, deliveries, batch };
}

/** A reference to a delivery of `batchWrite`. */
export const nameOf = (id: string) => ({ id, received_at: RECEIVED_AT });
export const icao24Of = (n: number): string => n.toString(16).padStart(6, "a");
