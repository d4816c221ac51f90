import { computed, effect, signal } from "@preact/signals";
import type { RowProvenance } from "../../flow/api/provenance.ts";
import type { StoredRow } from "../../flow/queries.ts";
import { now } from "./clock.ts";
import { pastTime } from "./past.ts";
import { selected } from "./view.ts";
import { displayTime, selectedRow } from "./visible-rows.ts";

/** The panel shows this much history, s. */
const SPAN_S = 6 * 3_600;
const MAX_POINTS = 700;
/** The history is fetched again after this time, s. */
const REFRESH_S = 10;
/** A row's clock may be ahead of this machine's by this much, s. */
const AHEAD_S = 10;
/** The API's limit for one request: more than three sources report in `RECENT_S`. */
const MAX_ROWS = 10_000;

/** The rows of the last five minutes are not thinned, s. */
const RECENT_S = 300;

/** Stored rows of the selected aircraft, oldest first. Thinned, except for the recent ones. */
const stored = signal<{ icao24: string; rows: readonly StoredRow[] }>({ icao24: "", rows: [] });
export const history = computed<readonly StoredRow[]>(() =>
  stored.value.icao24 === selected.value
    ? stored.value.rows.filter((row) => Number(row["last_contact"]) <= displayTime.value + AHEAD_S)
    : [],
);
/** Provenance of the selected aircraft's newest row. Null while it loads, and where no row is stored. */
export const provenance = signal<RowProvenance | null>(null);

/** Recent rows of two sources at about the same time, sorted by source name. Null with a single source. */
export const sourcePair = computed<readonly [StoredRow, StoredRow] | null>(() => {
  const start = Number(history.value.at(-1)?.["last_contact"]) - RECENT_S;
  return nearestPair(history.value.filter((row) => Number(row["last_contact"]) >= start));
});

/** Of consecutive rows from two sources, the pair nearest in time. Of equally near pairs, the newest. */
function nearestPair(rows: readonly StoredRow[]): readonly [StoredRow, StoredRow] | null {
  let shortest = Infinity;
  let pair: readonly [StoredRow, StoredRow] | null = null;
  for (const [i, row] of rows.entries()) {
    const before = rows[i - 1];
    if (before === undefined || before["source"] === row["source"]) continue;
    const interval = Number(row["last_contact"]) - Number(before["last_contact"]);
    if (interval > shortest) continue;
    shortest = interval;
    pair = String(before["source"]) < String(row["source"]) ? [before, row] : [row, before];
  }
  return pair;
}

/** Fetches the selected aircraft's stored rows up to the displayed time, and again every `REFRESH_S`. */
export function followSelected(): void {
  let fetched = { icao24: "", hasRow: false, clock: 0 };
  effect(() => {
    const icao24 = selected.value;
    if (icao24 !== fetched.icao24) provenance.value = null;
    if (icao24 === null) return;
    // not `displayTime`: the time of recorded flights may stay the same while rows arrive
    const wanted = { icao24, hasRow: selectedRow.value !== undefined, clock: pastTime.value ?? now.value };
    const isSame = icao24 === fetched.icao24 && wanted.hasRow === fetched.hasRow;
    if (isSame && Math.abs(wanted.clock - fetched.clock) < REFRESH_S) return;
    fetched = wanted;
    void fetchHistory(icao24, displayTime.peek());
  });
}

async function fetchHistory(icao24: string, to: number): Promise<void> {
  const every = Math.ceil(SPAN_S / MAX_POINTS);
  const query = `/v1/states?icao24=${icao24}&limit=${MAX_ROWS}`;
  const [past, recent, origin] = await Promise.all([
    fetchJson<{ states: StoredRow[] }>(`${query}&from=${to - SPAN_S}&to=${to - RECENT_S - 1}&every=${every}`),
    fetchJson<{ states: StoredRow[] }>(`${query}&from=${to - RECENT_S}&to=${to + AHEAD_S}`),
    fetchJson<RowProvenance>(`/live/origin/${icao24}`),
  ]);
  if (selected.peek() !== icao24) return;
  if (past !== null && recent !== null) stored.value = { icao24, rows: [...past.states, ...recent.states] };
  provenance.value = origin;
}

/** Null when the request fails. `connection` reports a lost server. */
async function fetchJson<T>(path: string): Promise<T | null> {
  try {
    const response = await fetch(path);
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}
