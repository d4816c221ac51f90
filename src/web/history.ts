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

/** The last of its rows are shown one by one, s. */
const RECENT_S = 300;
const MOST_RECENT = 2_000;

/** Stored rows of the selected aircraft, oldest first: thinned, but for the recent ones. */
const stored = signal<{ icao24: string; rows: readonly StoredRow[] }>({ icao24: "", rows: [] });
export const history = computed<readonly StoredRow[]>(() =>
  stored.value.icao24 === selected.value
    ? stored.value.rows.filter((row) => Number(row["last_contact"]) <= shownTime.value)
    : [],
);
/** How its newest row came to be; null until it is known, and where no row is stored. */
export const origin = signal<RowOrigin | null>(null);

/** What two sources said of it at about the same time, newest first; null where one alone reports it. */
export const views = computed<readonly [StoredRow, StoredRow] | null>(() => {
  const begin = Number(history.value.at(-1)?.["last_contact"]) - RECENT_S;
  return nearestPair(history.value.filter((row) => Number(row["last_contact"]) >= begin));
});

/** Of neighbours in time from two sources those nearest to each other, and of equals the newest. */
function nearestPair(rows: readonly StoredRow[]): readonly [StoredRow, StoredRow] | null {
  let least = Infinity;
  let found: readonly [StoredRow, StoredRow] | null = null;
  for (const [i, row] of rows.entries()) {
    const before = rows[i - 1];
    if (before === undefined || before["source"] === row["source"]) continue;
    const apart = Number(row["last_contact"]) - Number(before["last_contact"]);
    if (apart > least) continue;
    least = apart;
    found = String(before["source"]) < String(row["source"]) ? [before, row] : [row, before];
  }
  return found;
}

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
  const of = `/v1/states?icao24=${icao24}`;
  const [past, recent, found] = await Promise.all([
    answer<{ states: StoredRow[] }>(
      `${of}&from=${to - SPAN_S}&to=${to - RECENT_S - 1}&every=${every}&limit=${2 * MOST_POINTS}`,
    ),
    answer<{ states: StoredRow[] }>(`${of}&from=${to - RECENT_S}&limit=${MOST_RECENT}`),
    answer<RowOrigin>(`/live/origin/${icao24}`),
  ]);
  if (selected.peek() !== icao24) return;
  if (past !== null && recent !== null) stored.value = { icao24, rows: [...past.states, ...recent.states] };
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
