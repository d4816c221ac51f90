import { computed, signal } from "@preact/signals";
import type { FlowReport } from "../flow/flows.ts";
import type { SourceStatus } from "../source/source.ts";
import { wireFields, type WireField, type WireRow } from "../local/wire.ts";

/** All that the page shows; `live.ts` writes it. */
export const flows = signal<readonly FlowReport[]>([]);
/** Rows received per second, by flow; missing until two counts are known. */
export const rates = signal<Readonly<Record<string, number>>>({});
export const sources = signal<readonly SourceStatus[]>([]);
/** Unix s of the last word from the server; null before the first. */
export const lastData = signal<number | null>(null);
export const connection = signal<"connecting" | "live" | "disconnected">("connecting");
export const search = signal("");
export const sort = signal<{ by: WireField; isDescending: boolean }>({ by: "callsign", isDescending: false });
/** Unix s, once a second. */
export const now = signal(Math.floor(Date.now() / 1000));
setInterval(() => (now.value = Math.floor(Date.now() / 1000)), 1_000);

/** A rate spans this many seconds, so that one large batch does not make it jump. */
const RATE_SPAN_S = 10;
let counted: (readonly FlowReport[])[] = [];

/** Takes a new count of the flows. */
export function takeFlows(reports: readonly FlowReport[]): void {
  const at = reports[0]?.stored_at ?? 0;
  const kept = counted.filter(([known]) => known !== undefined && at > known.stored_at);
  // the last count before the span is where it begins
  const begin = kept.findLastIndex(([known]) => known !== undefined && at - known.stored_at >= RATE_SPAN_S);
  counted = [...kept.slice(Math.max(0, begin)), reports];
  const rate = ({ flow, received }: FlowReport): [string, number][] => {
    const before = counted[0]?.find((known) => known.flow === flow);
    return before === undefined || at <= before.stored_at || received < before.received
      ? []
      : [[flow, (received - before.received) / (at - before.stored_at)]];
  };
  rates.value = Object.fromEntries(reports.flatMap(rate));
  flows.value = reports;
}

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
  // shown as an age, so the latest contact is the least
  const sign = isDescending === (by === "last_contact") ? 1 : -1;
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
