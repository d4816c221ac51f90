import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { StoredRow } from "../flow/queries.ts";
import { changeOf, toWire, type Delta, type Snapshot, type WireBatch, type WireChange, type WireRow } from "./wire.ts";

interface Held {
  n: number;
  /** As it was at the last tick; undefined when it came since. */
  sent: WireRow | undefined;
  row: WireRow;
}

/** Every aircraft as the page sees it at a tick, and what changed since the tick before. */
// oxlint-disable-next-line max-lines-per-function -- one state, and short functions that close over it
export function aircraftTable() {
  const held = new Map<string, Held>();
  const changed = new Set<string>();
  const gone: number[] = [];
  const batches = batchNumbers();
  const isEmergency = emergencies();
  /** Tells snapshots of another run from ours. */
  const run = randomBytes(4).toString("hex");
  let tick = 0;
  let next = 0;
  let encoded: { gzip: Buffer; etag: string } | undefined;
  return {
    get tick() {
      return tick;
    },
    get size() {
      return held.size;
    },
    take(this: void, row: StoredRow): void {
      const icao24 = String(row["icao24"]);
      const batch = batches.numberOf(String(row["batch_id"]));
      const wire = toWire({ ...row, batch, is_emergency: isEmergency(row) });
      const known = held.get(icao24);
      if (known === undefined) held.set(icao24, { n: next++, sent: undefined, row: wire });
      else known.row = wire;
      changed.add(icao24);
    },
    takeBatch: batches.take,
    hasBatch: batches.has,
    /** Forgets what is not among `all`; the next tick tells it. */
    dropOthers(all: readonly StoredRow[]): void {
      const known = new Set(all.map((row) => String(row["icao24"])));
      for (const [icao24, { n }] of held) {
        if (known.has(icao24)) continue;
        held.delete(icao24);
        changed.delete(icao24);
        gone.push(n);
      }
      batches.keepOnly(new Set(all.map((row) => String(row["batch_id"]))));
    },
    /** The next tick's delta as JSON; null when nothing changed. */
    advance(): string | null {
      tick++;
      const changes = [...changed].flatMap((icao24) => send(held.get(icao24)));
      changed.clear();
      const fresh = batches.takeFresh();
      const left = gone.splice(0);
      if (changes.length === 0 && fresh.length === 0 && left.length === 0) return null;
      encoded = undefined;
      return JSON.stringify({ tick, batches: fresh, changes, gone: left } satisfies Delta);
    },
    /** As it stood at the last tick. */
    snapshot() {
      encoded ??= encode(
        JSON.stringify({ tick, batches: batches.all(), rows: sentRows(held) } satisfies Snapshot),
        run,
      );
      return encoded;
    },
  };
}

/** What is to be told of an aircraft, which then counts as told. */
function send(one: Held | undefined): WireChange[] {
  const change = one === undefined ? null : changeOf(one.n, one.sent, one.row);
  if (one === undefined || change === null) return [];
  one.sent = one.row;
  return [change];
}

const sentRows = (held: ReadonlyMap<string, Held>): Snapshot["rows"] =>
  [...held.values()].flatMap(({ n, sent }): Snapshot["rows"] => (sent === undefined ? [] : [[n, sent]]));

/** A number for each batch that rows name, and its ledger row once it is known. */
function batchNumbers() {
  const known = new Map<string, { n: number; batch?: WireBatch }>();
  let next = 1;
  const fresh: WireBatch[] = [];
  const entry = (batch_id: string): { n: number; batch?: WireBatch } => {
    const found = known.get(batch_id) ?? { n: next++ };
    known.set(batch_id, found);
    return found;
  };
  return {
    numberOf: (batch_id: string): number => entry(batch_id).n,
    has: (batch_id: string): boolean => known.get(batch_id)?.batch !== undefined,
    take(this: void, batch: Omit<WireBatch, "n">): void {
      const one = entry(batch.batch_id);
      one.batch = { ...batch, n: one.n };
      fresh.push(one.batch);
    },
    keepOnly(ids: ReadonlySet<string>): void {
      for (const batch_id of known.keys()) if (!ids.has(batch_id)) known.delete(batch_id);
    },
    takeFresh: (): WireBatch[] => fresh.splice(0),
    all: (): WireBatch[] => [...known.values()].flatMap(({ batch }) => batch ?? []),
  };
}

/** Single wrong codes are common, so an emergency is told when two reports this many seconds apart say it. */
const EMERGENCY_AFTER_S = 10;
/** It ends when nobody said it for so long, in s, or when another code is said; a report without a code says nothing. */
export const EMERGENCY_SPAN_S = 300;

/** Tells of each row, given in order of time for each aircraft, whether its aircraft is in an emergency. */
export function emergencies(): (row: StoredRow) => boolean {
  const said = new Map<string, { first: number; last: number }>();
  return (row) => {
    const [icao24, last_contact] = [String(row["icao24"]), Number(row["last_contact"])];
    const known = said.get(icao24);
    const isOver = known !== undefined && last_contact - known.last > EMERGENCY_SPAN_S;
    if (hasEmergency(row)) {
      const first = known === undefined || isOver ? last_contact : known.first;
      said.set(icao24, { first, last: Math.max(last_contact, known?.last ?? 0) });
      return last_contact - first >= EMERGENCY_AFTER_S;
    }
    if (known === undefined) return false;
    if (!isOver && (row["squawk"] ?? null) === null) return known.last - known.first >= EMERGENCY_AFTER_S;
    said.delete(icao24);
    return false;
  };
}

/** The row itself says so. */
export const hasEmergency = (row: StoredRow): boolean => String(row["flags"]).split(",").includes("emergency");

function encode(text: string, run: string): { gzip: Buffer; etag: string } {
  const gzip = gzipSync(text, { level: 1 });
  return { gzip, etag: `"${run}-${createHash("sha256").update(gzip).digest("hex").slice(0, 16)}"` };
}
