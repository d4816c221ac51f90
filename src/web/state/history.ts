import { computed, effect, signal } from "@preact/signals";
import type { RowProvenance } from "../../flow/api/provenance.ts";
import type { StoredRow } from "../../flow/queries.ts";
import { now } from "./clock.ts";
import { pastTime } from "./past.ts";
import { selectedRow, shownTime } from "./shown.ts";
import { selected } from "./view.ts";

/** How far back the panel looks, s. */
const SPAN_S = 6 * 3_600;
const MOST_POINTS = 700;
/** Its rows are read again after this time, s. */
const REFRESH_S = 10;
/** A row may be ahead of this machine's clock by so much, s. */
const AHEAD_S = 10;
/** What the API gives at once: more than three sources report in that time. */
const MOST_ROWS = 10_000;

/** The last of its rows are shown one by one, s. */
const RECENT_S = 300;

/** Stored rows of the selected aircraft, oldest first: thinned, but for the recent ones. */
const stored = signal<{ icao24: string; rows: readonly StoredRow[] }>({ icao24: "", rows: [] });
export const history = computed<readonly StoredRow[]>(() =>
  stored.value.icao24 === selected.value
    ? stored.value.rows.filter((row) => Number(row["last_contact"]) <= shownTime.value + AHEAD_S)
    : [],
);
/** How its newest row came to be; null until it is known, and where no row is stored. */
export const origin = signal<RowProvenance | null>(null);

/** What two sources said of it at about the same time, in the order of their names; null where one alone reports it. */
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

/** Reads what is stored of the selected aircraft up to the time shown, and again as that time goes on. */
export function followSelected(): void {
  let known = { icao24: "", isThere: false, clock: 0 };
  effect(() => {
    const icao24 = selected.value;
    if (icao24 !== known.icao24) origin.value = null;
    if (icao24 === null) return;
    // the time of recorded flights may stand still while rows come
    const asked = { icao24, isThere: selectedRow.value !== undefined, clock: pastTime.value ?? now.value };
    const isKnown = icao24 === known.icao24 && asked.isThere === known.isThere;
    if (isKnown && Math.abs(asked.clock - known.clock) < REFRESH_S) return;
    known = asked;
    void read(icao24, shownTime.peek());
  });
}

async function read(icao24: string, to: number): Promise<void> {
  const every = Math.ceil(SPAN_S / MOST_POINTS);
  const of = `/v1/states?icao24=${icao24}&limit=${MOST_ROWS}`;
  const [past, recent, found] = await Promise.all([
    answer<{ states: StoredRow[] }>(`${of}&from=${to - SPAN_S}&to=${to - RECENT_S - 1}&every=${every}`),
    // rows may be ahead of this machine's clock by a little
    answer<{ states: StoredRow[] }>(`${of}&from=${to - RECENT_S}&to=${to + AHEAD_S}`),
    answer<RowProvenance>(`/live/origin/${icao24}`),
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
