import { computed, signal } from "@preact/signals";
import {
  applyChange,
  numberOf,
  fieldIndex,
  type Delta,
  type WireSnapshot,
  type WireBatch,
  type WireRow,
} from "../../server/wire.ts";

/** Live aircraft by the number that the server gave them. Not a signal: `version` announces each change. */
const rows = new Map<number, WireRow>();
const numbers = new Map<string, number>();
const batches = new Map<number, WireBatch>();
const version = signal(0);

/** Batches without an aircraft are deleted when there are more than this. */
const MAX_UNUSED_BATCHES = 500;

/** Replaces all aircraft and batches. */
export function applySnapshot(snapshot: WireSnapshot): void {
  rows.clear();
  numbers.clear();
  batches.clear();
  for (const batch of snapshot.batches) batches.set(batch.n, batch);
  for (const [n, row] of snapshot.rows) put(n, row);
  version.value++;
}

/** Applies the changes since the previous delta, or since the snapshot. */
export function applyDelta(delta: Delta): void {
  for (const batch of delta.batches) batches.set(batch.n, batch);
  for (const n of delta.gone) remove(n);
  for (const change of delta.changes) put(change[0], applyChange(rows.get(change[0]), change));
  if (batches.size > rows.size + MAX_UNUSED_BATCHES) deleteUnusedBatches();
  version.value++;
}

function put(n: number, row: WireRow): void {
  rows.set(n, row);
  numbers.set(addressOf(row), n);
}

function remove(n: number): void {
  const row = rows.get(n);
  rows.delete(n);
  // the same aircraft may be back under another number
  if (row !== undefined && numbers.get(addressOf(row)) === n) numbers.delete(addressOf(row));
}

function deleteUnusedBatches(): void {
  const used = new Set([...rows.values()].map((row) => row[fieldIndex.batch]));
  for (const n of batches.keys()) if (!used.has(n)) batches.delete(n);
}

export const addressOf = (row: WireRow): string => String(row[fieldIndex.icao24]);
export const isEmergency = (row: WireRow): boolean => row[fieldIndex.is_emergency] === 1;
export const batchOf = (row: WireRow): WireBatch | undefined => batches.get(Number(row[fieldIndex.batch]));

export const liveRows = computed<readonly WireRow[]>(() => (version.value, [...rows.values()]));

/** An aircraft's newest row. Subscribes the caller to changes. */
export function liveRow(icao24: string): WireRow | undefined {
  void version.value;
  const n = numbers.get(icao24);
  return n === undefined ? undefined : rows.get(n);
}

/** The batches of the newest rows, newest first. */
export const liveBatches = computed<readonly WireBatch[]>(() => {
  const used = new Set(liveRows.value.map((row) => row[fieldIndex.batch]));
  return [...batches.values()]
    .filter(({ n }) => used.has(n))
    .sort((a, b) => b.received_at - a.received_at || b.n - a.n);
});

/** Unix s of the newest contact. Zero without aircraft. */
export const newestContact = computed(() =>
  liveRows.value.reduce((newest, row) => Math.max(newest, numberOf(row, "last_contact") ?? 0), 0),
);
