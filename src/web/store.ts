import { computed, signal } from "@preact/signals";
import type { FlowReport } from "../flow/flows.ts";
import type { SourceStatus } from "../source/source.ts";
import { wireFields, type WireField, type WireRow } from "../local/wire.ts";

/** All that the page shows; `live.ts` writes it. */
export const flows = signal<readonly FlowReport[]>([]);
export const sources = signal<readonly SourceStatus[]>([]);
/** Unix ms of the last word from the server; null before the first. */
export const lastData = signal<number | null>(null);
export const isConnected = signal(false);
export const search = signal("");
export const sort = signal<{ by: WireField; isDescending: boolean }>({ by: "callsign", isDescending: false });
/** Unix s, once a second. */
export const now = signal(Math.floor(Date.now() / 1000));
setInterval(() => (now.value = Math.floor(Date.now() / 1000)), 1_000);

/** By address. Not a signal: `version` tells that it changed. */
const aircraft = new Map<string, WireRow>();
const version = signal(0);

const places = Object.fromEntries(wireFields.map((name, i) => [name, i])) as Record<WireField, number>;
export const valueOf = (row: WireRow, name: WireField): WireRow[number] => row[places[name]] ?? null;

/** Takes changed rows; an older one never replaces a newer one. */
export function takeRows(rows: readonly WireRow[]): void {
  for (const row of rows) {
    const icao24 = String(valueOf(row, "icao24"));
    const known = aircraft.get(icao24);
    if (known === undefined || Number(valueOf(row, "last_contact")) >= Number(valueOf(known, "last_contact")))
      aircraft.set(icao24, row);
  }
  version.value++;
}

/** Takes a snapshot: what is not in it is gone. */
export function takeSnapshot(rows: readonly WireRow[]): void {
  const known = new Set(rows.map((row) => String(valueOf(row, "icao24"))));
  for (const icao24 of aircraft.keys()) if (!known.has(icao24)) aircraft.delete(icao24);
  takeRows(rows);
}

export const count = computed(() => (version.value, aircraft.size));

/** Rows that the search finds, sorted. */
export const shown = computed<readonly WireRow[]>(() => {
  void version.value;
  const wanted = search.value.trim().toLowerCase();
  const { by, isDescending } = sort.value;
  const found = [...aircraft.values()].filter((row) => wanted === "" || matches(row, wanted));
  const sign = isDescending ? -1 : 1;
  return found.sort((a, b) => compare(valueOf(a, by), valueOf(b, by), sign));
});

const matches = (row: WireRow, wanted: string): boolean =>
  (["icao24", "callsign"] as const).some((name) =>
    String(valueOf(row, name) ?? "")
      .toLowerCase()
      .includes(wanted),
  );

/** Null last, whichever way. */
function compare(a: WireRow[number], b: WireRow[number], sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a < b ? -sign : a > b ? sign : 0;
}
