import type { Batch } from "../flight/batch.ts";

/**
 * The five ports through which the flows meet the world. Each comment states the port's laws; test/conformance/ proves
 * them for every implementation. A broken world is an exception (`UnavailableError` where waiting may help).
 */

/**
 * Keys are `/`-separated segments of [A-Za-z0-9._=-], never `.` or `..`; another key throws `BadKeyError`.
 * No key is a folder of another: what follows a whole key and a slash is undefined.
 * Laws: `put` creates a key or answers `exists`, and never changes what is there, also when two race; a body is visible
 * whole or not at all, also after a kill; what `put` acknowledged survives a kill; `get` of a missing key is null;
 * `list` gives every key that begins with the prefix, in byte order, those that stood there throughout exactly once, and
 * nothing that others left under names that are no keys;
 * `delete` of a missing key is no error.
 */
export interface ObjectStore {
  put(key: string, body: Uint8Array): Promise<"created" | "exists">;
  get(key: string): Promise<Uint8Array | null>;
  list(prefix: string): AsyncIterable<ObjectInfo>;
  delete(key: string): Promise<void>;
}
export interface ObjectInfo {
  key: string;
  /** bytes */
  size: number;
  /** Unix seconds */
  modified: number;
}

/**
 * Laws: a message is handed out at least once, to one consumer at a time; when its handler returns it is gone; when the
 * handler throws, or its process dies, it comes again after a back-off; after `attempts` failures it lies in the dead
 * letters until `redrive`. `consume` ends when its signal aborts, after the handlers under way.
 */
export interface Queue {
  send(message: string): Promise<void>;
  consume(
    handle: (message: string) => Promise<unknown>,
    options: { signal: AbortSignal; concurrency?: number },
  ): Promise<void>;
  depth(): Promise<{ waiting: number; dead: number }>;
  redrive(): Promise<number>;
}

/**
 * Laws: records with one partition key go to one shard while it is open; within a shard sequence numbers, compared as
 * integers, grow in the order in which readers see the records, and no reader ever sees a later record before an earlier
 * one; `put` answers for each record by itself, and what it acknowledged can be read until retention ends; `read` after
 * a sequence number gives what follows it, nothing twice, nothing left out; null reads from the oldest record.
 */
export interface Stream {
  readonly name: string;
  put(records: readonly OutgoingRecord[]): Promise<PutResult[]>;
  shards(): Promise<Shard[]>;
  read(shard: string, after: string | null, limit: number): Promise<ReadResult>;
  /** Resolves when something may have arrived, when `ms` have passed or when the signal aborts, whichever is first. */
  arrival(ms: number, signal: AbortSignal): Promise<void>;
}
export interface OutgoingRecord {
  partition_key: string;
  data: Uint8Array;
  /** Rows in the record, as its header states them. */
  rows: number;
}
export type PutResult = { sequence_number: string } | { error: string };
export interface Shard {
  id: string;
  /** Shards that must be read to their end before this one. */
  parents: string[];
}
export interface StreamRecord {
  partition_key: string;
  sequence_number: string;
  data: Uint8Array;
  /** Unix seconds, floor */
  arrived_at: number;
}
export interface ReadResult {
  records: StreamRecord[];
  /** The shard is closed and there is nothing after these records. */
  ended: boolean;
}

/**
 * Laws: at most one holder of a shard knows itself to be the holder, but for a moment of overlap after a loss; the
 * epoch of a lease is greater than that of every earlier lease of the shard; `save` with an older epoch throws
 * `LeaseLostError` and changes nothing; a position outlives its holder; a lease ends with its session, also by a kill.
 */
export interface Checkpoints {
  open(): Promise<CheckpointSession>;
}
export interface CheckpointSession {
  /** Sessions open now, this one included: what a fair share is computed from. */
  members(): Promise<number>;
  lease(shard: string): Promise<Lease | null>;
  /** Where a shard stands, without a lease; null when it was never saved. */
  position(shard: string): Promise<string | null>;
  close(): Promise<void>;
}
export interface Lease {
  readonly shard: string;
  readonly epoch: number;
  /** Last saved sequence number; null: from the oldest record. `END` when a closed shard was read to its end. */
  readonly position: string | null;
  save(position: string): Promise<void>;
  release(): Promise<void>;
}

export type Flow = "request" | "stream";

/** A delivery's id and its arrival in Unix seconds, the same whenever it comes. */
export interface DeliveryName {
  id: string;
  received_at: number;
}
/** What is counted and never applied twice: one ingestion or one stream record. */
export interface Delivery extends DeliveryName {
  /** Rows received in it: cleaned and rejected. */
  rows: number;
  rejected: Readonly<Record<string, number>>;
}

/** What one transaction applies. `batch.delivery` indexes `deliveries`; rows of one identity may stand in it more than once. */
export interface Application {
  flow: Flow;
  batch_id: string;
  contract: string;
  /** Unix seconds of the newest arrival among the deliveries. */
  arrived_at: number;
  deliveries: readonly Delivery[];
  batch: Batch;
}
export interface Applied {
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Rows of deliveries that had been applied before. */
  repeats: number;
}

/**
 * Laws: a delivery is applied once however often and in whatever company it comes, also by two at once; all of an
 * application is visible or nothing (where the store knows no transactions: its rows one by one, its counts last and
 * whole); received = accepted + duplicate + rejected for every batch, counted, not guessed;
 * of an aircraft the newest row stands in `aircraft`, whatever the order of arrival.
 */
export interface Database {
  apply(application: Application): Promise<Applied>;
  /** The ids of those that were applied. */
  delivered(of: readonly DeliveryName[]): Promise<Set<string>>;
  /** Ledger row of a batch, named by itself or by a delivery that it holds; null when there is none. */
  batch(of: DeliveryName): Promise<LedgerRow | null>;
  /** Both throw `NotAnsweredError` for what the store keeps no order for. */
  aircraft(query: AircraftQuery): Promise<StoredRow[]>;
  states(query: StatesQuery): Promise<StoredRow[]>;
  /** Sums of the ledger and the tables, in one snapshot where the store has any. */
  totals(of: TotalsQuery): Promise<Totals>;
  /** Sums of the ledger over the batches applied until `at` (Unix seconds); the tables are not counted. */
  past(at: number): Promise<Record<Flow, FlowTotals>>;
  /** Removes what arrived before `received_at` (Unix seconds) and counts it as expired; returns the rows. */
  expire(received_at: number): Promise<number>;
  /** Ready to apply. Throws when not. */
  ping(): Promise<void>;
}

export interface LedgerRow {
  batch_id: string;
  flow: Flow;
  contract: string;
  received: number;
  accepted: number;
  duplicate: number;
  rejected: Record<string, number>;
  repeats: number;
  expired: number;
  /** Unix seconds */
  applied_at: number;
}
export type StoredRow = Record<string, string | number | boolean | null>;
export interface Box {
  lamin: number;
  lomin: number;
  lamax: number;
  /** Less than lomin where the box crosses the antimeridian. */
  lomax: number;
}
export interface AircraftQuery {
  box?: Box;
  icao24?: string;
  callsign?: string;
  /** Part of an address or a callsign. */
  search?: string;
  /** Those whose newest row came with one of these batches. */
  batch_ids?: readonly string[];
  /** As it was at this Unix time: the newest row not after it, and at most `MOST_AGE_S` before; from history. */
  at?: number;
  limit: number;
}
/** An aircraft that said nothing for so long, in s, is not shown at a past time. */
export const MOST_AGE_S = 300;

export interface StatesQuery {
  box?: Box;
  icao24?: string;
  callsign?: string;
  source?: string;
  batch_id?: string;
  /** last_contact, Unix seconds, both inclusive */
  from?: number;
  to?: number;
  /** Of each aircraft and source the first row in every so many seconds of last_contact alone. */
  every?: number;
  limit: number;
  /** Rows after this one, in the store's order: last_contact, then what else makes the identity. */
  after?: StateKey;
}
export interface StateKey {
  last_contact: number;
  icao24: string;
  source: string;
  time_position: number | null;
}

export interface TotalsQuery {
  /** Ingestions applied since this Unix time are named. */
  since: number;
  /** Counts the tables also where that reads all of them. */
  verify?: boolean;
}
export interface FlowTotals {
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  reasons: Record<string, number>;
  repeats: number;
  expired: number;
  /** Null where the tables were not counted. */
  stored: number | null;
  /** Batches whose stored rows differ from accepted - expired, rows without a batch among them; a few of them named. */
  unbalanced: { batch_id: string; expected: number; stored: number }[];
}
/** Rows that a flow's door took. */
export interface Door {
  received: number;
  /** Of them without a delivery yet. */
  pending: number;
  /** Unix seconds at which the oldest pending row arrived. */
  oldest_pending: number | null;
}
export interface Totals {
  flows: Record<Flow, FlowTotals>;
  /** Unix seconds of the snapshot. */
  stored_at: number;
  /** The door of the local stream in the same snapshot; null where the stream lies elsewhere. */
  stream_door: Door | null;
  /** Ids of ingestions that were applied since the given time. */
  ingestions: string[];
  /** The same sums of the databases behind the first. */
  others?: Record<Flow, FlowTotals>[];
}
