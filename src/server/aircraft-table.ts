import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { StoredRow } from "../flow/queries.ts";
import {
  changeOf,
  toWire,
  type Delta,
  type WireSnapshot,
  type WireBatch,
  type WireChange,
  type WireRow,
} from "./wire.ts";

interface TrackedAircraft {
  /** The number that names the aircraft on the wire. */
  n: number;
  /** The row as of the last tick. Undefined if no tick has sent this aircraft yet. */
  sent: WireRow | undefined;
  row: WireRow;
}

/** All aircraft as of the last tick, and the changes since then. */
// oxlint-disable-next-line max-lines-per-function -- one state, and short functions that close over it
export function aircraftTable() {
  const aircraft = new Map<string, TrackedAircraft>();
  const changed = new Set<string>();
  const removed: number[] = [];
  const batches = batchNumbers();
  const isEmergency = emergencyTracker();
  /** Part of the ETag: a snapshot of another run of the server never matches. */
  const run = randomBytes(4).toString("hex");
  let tick = 0;
  let next = 0;
  let encoded: { gzip: Buffer; etag: string } | undefined;
  return {
    get tick() {
      return tick;
    },
    get size() {
      return aircraft.size;
    },
    put(this: void, row: StoredRow): void {
      const icao24 = String(row["icao24"]);
      const batch = batches.numberOf(String(row["batch_id"]));
      const wire = toWire({ ...row, batch, is_emergency: isEmergency(row) });
      const known = aircraft.get(icao24);
      if (known === undefined) aircraft.set(icao24, { n: next++, sent: undefined, row: wire });
      else known.row = wire;
      changed.add(icao24);
    },
    addBatch: batches.add,
    hasBatch: batches.has,
    /** Removes the aircraft that are not among `all`. The next tick reports them. */
    removeOthers(all: readonly StoredRow[]): void {
      const known = new Set(all.map((row) => String(row["icao24"])));
      for (const [icao24, { n }] of aircraft) {
        if (known.has(icao24)) continue;
        aircraft.delete(icao24);
        changed.delete(icao24);
        removed.push(n);
      }
      batches.keepOnly(new Set(all.map((row) => String(row["batch_id"]))));
    },
    /** Ends a tick. Returns its delta as JSON, or null if nothing changed. */
    advance(): string | null {
      tick++;
      const changes = [...changed].flatMap((icao24) => takeChange(aircraft.get(icao24)));
      changed.clear();
      const newBatches = batches.takeNew();
      const gone = removed.splice(0);
      if (changes.length === 0 && newBatches.length === 0 && gone.length === 0) return null;
      encoded = undefined;
      return JSON.stringify({ tick, batches: newBatches, changes, gone } satisfies Delta);
    },
    /** The table as of the last tick. */
    snapshot() {
      encoded ??= encode(
        JSON.stringify({ tick, batches: batches.all(), rows: sentRows(aircraft) } satisfies WireSnapshot),
        run,
      );
      return encoded;
    },
  };
}

/** The change of an aircraft since its last sent row. The aircraft then counts as sent. */
function takeChange(aircraft: TrackedAircraft | undefined): WireChange[] {
  const change = aircraft === undefined ? null : changeOf(aircraft.n, aircraft.sent, aircraft.row);
  if (aircraft === undefined || change === null) return [];
  aircraft.sent = aircraft.row;
  return [change];
}

const sentRows = (aircraft: ReadonlyMap<string, TrackedAircraft>): WireSnapshot["rows"] =>
  [...aircraft.values()].flatMap(({ n, sent }): WireSnapshot["rows"] => (sent === undefined ? [] : [[n, sent]]));

/** A number for each batch that rows name, and the ledger row of the batch once it is known. */
function batchNumbers() {
  const known = new Map<string, { n: number; batch?: WireBatch }>();
  let next = 1;
  const newBatches: WireBatch[] = [];
  const entryOf = (batch_id: string): { n: number; batch?: WireBatch } => {
    const entry = known.get(batch_id) ?? { n: next++ };
    known.set(batch_id, entry);
    return entry;
  };
  return {
    numberOf: (batch_id: string): number => entryOf(batch_id).n,
    has: (batch_id: string): boolean => known.get(batch_id)?.batch !== undefined,
    add(this: void, batch: Omit<WireBatch, "n">): void {
      const entry = entryOf(batch.batch_id);
      entry.batch = { ...batch, n: entry.n };
      newBatches.push(entry.batch);
    },
    keepOnly(ids: ReadonlySet<string>): void {
      for (const batch_id of known.keys()) if (!ids.has(batch_id)) known.delete(batch_id);
    },
    takeNew: (): WireBatch[] => newBatches.splice(0),
    all: (): WireBatch[] => [...known.values()].flatMap(({ batch }) => batch ?? []),
  };
}

/**
 * Single wrong codes are common. An emergency therefore counts only when two reports with an emergency code are at least
 * this many seconds apart.
 */
const EMERGENCY_AFTER_S = 10;
/**
 * An emergency ends after this many seconds without an emergency code, or at a report with another code. A report without
 * a code changes nothing.
 */
export const EMERGENCY_SPAN_S = 300;

/**
 * Returns a function that decides for each row whether its aircraft is in an emergency. The rows of one aircraft must come
 * in order of time.
 */
export function emergencyTracker(): (row: StoredRow) => boolean {
  const emergencies = new Map<string, { first: number; last: number }>();
  return (row) => {
    const [icao24, last_contact] = [String(row["icao24"]), Number(row["last_contact"])];
    const known = emergencies.get(icao24);
    const isExpired = known !== undefined && last_contact - known.last > EMERGENCY_SPAN_S;
    if (hasEmergencyFlag(row)) {
      const first = known === undefined || isExpired ? last_contact : known.first;
      emergencies.set(icao24, { first, last: Math.max(last_contact, known?.last ?? 0) });
      return last_contact - first >= EMERGENCY_AFTER_S;
    }
    if (known === undefined) return false;
    if (!isExpired && (row["squawk"] ?? null) === null) return known.last - known.first >= EMERGENCY_AFTER_S;
    emergencies.delete(icao24);
    return false;
  };
}

/** Whether this one report has an emergency code. */
export const hasEmergencyFlag = (row: StoredRow): boolean => String(row["flags"]).split(",").includes("emergency");

function encode(text: string, run: string): { gzip: Buffer; etag: string } {
  const gzip = gzipSync(text, { level: 1 });
  return { gzip, etag: `"${run}-${createHash("sha256").update(gzip).digest("hex").slice(0, 16)}"` };
}
