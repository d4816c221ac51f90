import { sumOfCounts } from "../flight/rejection.ts";
import type { RejectedSample } from "../flow/api/read-routes.ts";
import type { LedgerRow } from "../flow/ports.ts";
import type { StoredRow } from "../flow/queries.ts";

/**
 * The encoding of aircraft between server and page. The page imports this file, so it must not import Node's modules.
 *
 * A row is the values of `wireFields` in their order. A number is a whole multiple of a part of its unit. A change is the
 * number of the aircraft, a bit mask of the changed fields (the first field is bit 0), and the values of these fields. A
 * numeric value is the difference from the previous number, or the number itself if the field was null. Any other value is
 * sent as it is.
 */
export const wireFields = [
  "icao24",
  "callsign",
  "source",
  "origin_country",
  "longitude",
  "latitude",
  "baro_altitude",
  "velocity",
  "true_track",
  "vertical_rate",
  "on_ground",
  "squawk",
  "category",
  "last_contact",
  "time_position",
  "flags",
  "batch",
  "is_emergency",
] as const;
export type WireField = (typeof wireFields)[number];
type WireValue = string | number | null;
export type WireRow = readonly WireValue[];
export type WireChange = readonly [n: number, fields: number, ...values: WireValue[]];

/** Parts per unit: 1 m at the equator, 0.1 m/s, 0.1 deg. All other numbers are sent in whole units. */
const parts: Partial<Record<WireField, number>> = {
  longitude: 100_000,
  latitude: 100_000,
  velocity: 10,
  true_track: 10,
  vertical_rate: 10,
};
const scales: readonly number[] = wireFields.map((name) => parts[name] ?? 1);
/** The index of each field in a row. */
export const fieldIndex = Object.fromEntries(wireFields.map((name, i) => [name, i])) as Record<WireField, number>;

/** The ledger row of a batch that stored rows of the page. */
export interface WireBatch {
  /** The number that rows contain in their field `batch`. */
  n: number;
  batch_id: string;
  flow: "request" | "stream";
  /** Rows */
  counts: { received: number; accepted: number; duplicate: number; rejected: number; repeats: number };
  contract: string;
  /** Unix seconds */
  received_at: number;
  applied_at: number;
}

/** `GET /live/aircraft`: all aircraft as of a tick. */
export interface WireSnapshot {
  tick: number;
  batches: WireBatch[];
  rows: [n: number, row: WireRow][];
}
/** Event `aircraft`: the changes since the previous delta. Ticks without a change have no delta. */
export interface Delta {
  tick: number;
  batches: WireBatch[];
  changes: WireChange[];
  /** Numbers of the aircraft that were removed. */
  gone: number[];
}
/** `GET /live/at/{time}`: aircraft and counts as of a past time. */
export interface Frame {
  /** Unix seconds */
  at: number;
  rows: WireRow[];
  flows: PastFlow[];
}
/** `GET /live/rejections`: a rejected row, with the address and position that it contains. */
export interface RejectedPosition extends RejectedSample {
  icao24: string | null;
  /** deg. Null if the row has no position on Earth. */
  longitude: number | null;
  latitude: number | null;
}
/** Sums over the batches that were applied until a time, in rows. */
export interface PastFlow {
  flow: "request" | "stream";
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  reasons: Record<string, number>;
}

/** The ledger row as the page gets it. `received_at` is that of the batch's rows. */
export function wireBatch(ledger: LedgerRow, received_at: number): Omit<WireBatch, "n"> {
  const { batch_id, flow, received, accepted, duplicate, rejected, repeats, contract, applied_at } = ledger;
  const counts = { received, accepted, duplicate, rejected: sumOfCounts(rejected), repeats };
  return { batch_id, flow, counts, contract, received_at, applied_at };
}

export function toWire(row: StoredRow): WireRow {
  return wireFields.map((name, i) => {
    const value = row[name];
    if (typeof value === "number") return Math.round(value * (scales[i] ?? 1)) + 0;
    return typeof value === "boolean" ? Number(value) : (value ?? null);
  });
}

/** The change from one row of an aircraft to the next. Null if they are equal. */
export function changeOf(n: number, before: WireRow | undefined, after: WireRow): WireChange | null {
  let fields = 0;
  const values: WireValue[] = [];
  for (const [i, value] of after.entries()) {
    const was = before?.[i] ?? null;
    if (value === was) continue;
    fields |= 1 << i;
    values.push(typeof value === "number" && typeof was === "number" ? value - was : value);
  }
  return fields === 0 ? null : [n, fields, ...values];
}

export function applyChange(before: WireRow | undefined, [, fields, ...values]: WireChange): WireRow {
  let next = 0;
  return wireFields.map((_name, i) => {
    const was = before?.[i] ?? null;
    if ((fields & (1 << i)) === 0) return was;
    const value = values[next++] ?? null;
    return typeof value === "number" && typeof was === "number" ? value + was : value;
  });
}

/** The value of a field in its own unit (deg, m, m/s, Unix s). Null if the row has none. */
export function valueOf(row: WireRow, name: WireField): WireValue {
  const i = fieldIndex[name];
  const value = row[i] ?? null;
  return typeof value === "number" ? value / (scales[i] ?? 1) : value;
}
export function numberOf(row: WireRow, name: WireField): number | null {
  const value = valueOf(row, name);
  return typeof value === "number" ? value : null;
}
