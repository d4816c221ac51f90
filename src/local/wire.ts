import type { StoredRow } from "../flow/ports.ts";

/** What the page gets of an aircraft, in this order. Shared with the page, so nothing of Node is imported here. */
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
] as const;
export type WireField = (typeof wireFields)[number];
export type WireRow = readonly (string | number | boolean | null)[];

/** `GET /live/aircraft`: every aircraft known, and the tick that it stands at. */
export interface Snapshot {
  tick: number;
  rows: WireRow[];
}
/** Event `aircraft`: those that changed since the tick before. */
export type Delta = Snapshot;

export const toWire = (row: StoredRow): WireRow => wireFields.map((name) => row[name] ?? null);
