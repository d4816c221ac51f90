import { computed, effect, signal } from "@preact/signals";
import type { RowOrigin } from "../flow/origin.ts";
import type { StoredRow } from "../flow/ports.ts";
import { present } from "./clock.ts";
import { shownTime } from "./shown.ts";
import { selected } from "./view.ts";

/** How far back the panel looks, s. */
const SPAN_S = 6 * 3_600;
const MOST_POINTS = 700;
/** A live aircraft's rows are read again after this time, ms. */
const REFRESH_MS = 10_000;

/** Stored rows of the selected aircraft, oldest first, thinned. */
const stored = signal<{ icao24: string; rows: readonly StoredRow[] }>({ icao24: "", rows: [] });
export const history = computed<readonly StoredRow[]>(() =>
  stored.value.icao24 === selected.value
    ? stored.value.rows.filter((row) => Number(row["last_contact"]) <= shownTime.value)
    : [],
);
/** How its newest row came to be; null until it is known, and where no row is stored. */
export const origin = signal<RowOrigin | null>(null);

/** The newest stored row that each source reported, where more than one did. */
export const views = computed<readonly StoredRow[]>(() => {
  const newest = new Map<string, StoredRow>();
  for (const row of history.value) newest.set(String(row["source"]), row);
  return newest.size > 1 ? [...newest.values()].sort((a, b) => (String(a["source"]) < String(b["source"]) ? -1 : 1)) : [];
});

/** Reads what is stored of the selected aircraft, and again while it is selected. */
export function followSelected(): void {
  effect(() => {
    const icao24 = selected.value;
    origin.value = null;
    if (icao24 !== null) void read(icao24);
  });
  setInterval(() => {
    if (selected.value !== null && !document.hidden) void read(selected.value);
  }, REFRESH_MS);
}

async function read(icao24: string): Promise<void> {
  const to = present.peek();
  const every = Math.ceil(SPAN_S / MOST_POINTS);
  const [rows, found] = await Promise.all([
    answer<{ states: StoredRow[] }>(`/v1/states?icao24=${icao24}&from=${to - SPAN_S}&every=${every}&limit=${2 * MOST_POINTS}`),
    answer<RowOrigin>(`/live/origin/${icao24}`),
  ]);
  if (selected.peek() !== icao24) return;
  if (rows !== null) stored.value = { icao24, rows: rows.states };
  origin.value = found;
}

/** Null where the server has no answer; the connection's own state tells that it is away. */
async function answer<T>(path: string): Promise<T | null> {
  try {
    const response = await fetch(path);
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}
