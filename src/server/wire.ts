import { sumOfCounts } from "../flight/rejection.ts";
import type { LedgerRow } from "../flow/ports.ts";
import type { StoredRow } from "../flow/queries.ts";
import type { RejectedSample } from "../flow/api/read-routes.ts";

/**
 * How aircraft travel to the page. Shared with the page, so nothing of Node is imported here.
 * A row is the values of `wireFields` in their order, numbers as whole multiples of a part of their unit. A change is the
 * aircraft's number, a bit for each field that changed (the first field is bit 0), and those fields: a number as its
 * difference from before (from 0 where it was null), anything else as it is.
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

/** Parts per unit: 1 m at the equator, 0.1 m/s, 0.1 deg. What is not named travels in whole units. */
const parts: Partial<Record<WireField, number>> = {
  longitude: 100_000,
  latitude: 100_000,
  velocity: 10,
  true_track: 10,
  vertical_rate: 10,
};
const scales: readonly number[] = wireFields.map((name) => parts[name] ?? 1);
export const places = Object.fromEntries(wireFields.map((name, i) => [name, i])) as Record<WireField, number>;

/** What stands in the ledger of a batch that brought a row. */
export interface WireBatch {
  /** The number by which rows name it. */
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

/** `GET /live/aircraft`: every aircraft known, and the tick that it stands at. */
export interface Snapshot {
  tick: number;
  batches: WireBatch[];
  rows: [n: number, row: WireRow][];
}
/** Event `aircraft`: what changed since the tick before that had changes. */
export interface Delta {
  tick: number;
  batches: WireBatch[];
  changes: WireChange[];
  /** Numbers of aircraft that are not there any more. */
  gone: number[];
}
/** `GET /live/at/{time}`: what the stores hold of a past moment. */
export interface Frame {
  /** Unix s */
  at: number;
  rows: WireRow[];
  flows: PastFlow[];
}
/** `GET /live/rejections`: a rejected row, and what it claims of itself. */
export interface ClaimedSample extends RejectedSample {
  icao24: string | null;
  /** deg; null where it claims no position on Earth */
  longitude: number | null;
  latitude: number | null;
}
/** Sums of the batches that were applied by then. */
export interface PastFlow {
  flow: "request" | "stream";
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  reasons: Record<string, number>;
}

/** A batch as rows name it. `received_at` is that of its rows. */
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

/** Null where nothing changed. */
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

/** A field in its own unit (deg, m, m/s, Unix s); null where the row does not say. */
export function valueOf(row: WireRow, name: WireField): WireValue {
  const i = places[name];
  const value = row[i] ?? null;
  return typeof value === "number" ? value / (scales[i] ?? 1) : value;
}
export function numberOf(row: WireRow, name: WireField): number | null {
  const value = valueOf(row, name);
  return typeof value === "number" ? value : null;
}
