import type { Batch } from "../flight/batch.ts";
import type { AircraftQuery, StatesQuery, StoredRow } from "./queries.ts";

/**
 * The ports: the interfaces between the flows and the stores that they use. The comment on a port states its laws, and
 * test/conformance/ tests them for every adapter. A store that fails throws. It throws `UnavailableError` if a retry
 * may help.
 */

/**
 * Stores objects by key: files or S3. A key is `/`-separated segments of [A-Za-z0-9._=-], never `.` or `..`. Any other
 * key throws `BadKeyError`. No key may be a folder of another: the result for a key below an existing key is undefined.
 *
 * Laws:
 * - `put` creates an object or returns `exists`. It never changes an existing object, also when two writers race.
 * - A body is visible as a whole or not at all, also after a kill. An acknowledged body survives a kill.
 * - `get` of a missing key is null. `delete` of a missing key succeeds.
 * - `list` yields the keys with the prefix in byte order. A key that exists during the whole call is yielded exactly once.
 *   Names that are not keys are skipped.
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
 * Announces objects that are ready to load: a PostgreSQL table or SQS. A message is an object key. Adapters whose store
 * wraps keys, such as S3 notifications in SQS, unwrap them.
 *
 * Laws:
 * - A message is delivered at least once, to one consumer at a time.
 * - When its handler returns, the message is deleted. When the handler throws or its process dies, the message is
 *   redelivered after a back-off.
 * - After `attempts` failures it moves to the dead letters until `redrive`.
 * - `consume` ends when its signal aborts and its running handlers have finished.
 */
export interface Queue {
  send(key: string): Promise<void>;
  consume(
    handle: (key: string) => Promise<unknown>,
    options: { signal: AbortSignal; concurrency?: number },
  ): Promise<void>;
  depth(): Promise<{ waiting: number; dead: number }>;
  redrive(): Promise<number>;
}

/**
 * A stream of records in shards: a PostgreSQL table or Kinesis.
 *
 * Laws:
 * - Records with one partition key go to one shard while that shard is open.
 * - Within a shard, sequence numbers grow as integers in the order in which readers see the records. No reader sees a
 *   later record before an earlier one.
 * - `put` returns a result for each record. An acknowledged record can be read until retention removes it.
 * - `read` after a sequence number yields the records that follow it, each once. Null reads from the oldest record.
 */
export interface Stream {
  readonly name: string;
  put(records: readonly OutgoingRecord[]): Promise<PutResult[]>;
  shards(): Promise<Shard[]>;
  read(shard: string, after: string | null, limit: number): Promise<ReadResult>;
  /** Resolves when records may have arrived, after `ms`, or when the signal aborts, whichever comes first. */
  arrival(ms: number, signal: AbortSignal): Promise<void>;
  /**
   * The rows that producers put, counted in the snapshot of a ledger in the same database. Null for a snapshot of
   * another store. Undefined if the stream does not count rows, as on Kinesis.
   */
  intake?(snapshot: Snapshot): Promise<Intake | null>;
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
  /** The shard is closed and has no further records. */
  ended: boolean;
}

/**
 * Consumers share the shards of a stream by leases, and save how far they have read. A lease is the right to read one
 * shard. Its epoch is a fencing token: a number that grows with each lease of the shard, so that the store can refuse
 * a consumer that lost its lease and does not know it yet.
 *
 * Laws:
 * - At most one session holds a shard, except for a short overlap after a lost connection.
 * - The epoch of a lease is greater than that of every earlier lease of the shard. `save` with an older epoch throws
 *   `LeaseLostError` and changes nothing.
 * - A position outlives its holder. A lease ends with its session, also after a kill.
 */
export interface Checkpoints {
  open(): Promise<CheckpointSession>;
}
export interface CheckpointSession {
  /** Open sessions, this one included. Consumers compute their fair share of shards from it. */
  members(): Promise<number>;
  lease(shard: string): Promise<Lease | null>;
  /** The saved position of a shard, read without a lease. Null when it was never saved. */
  position(shard: string): Promise<string | null>;
  close(): Promise<void>;
}
export interface Lease {
  readonly shard: string;
  readonly epoch: number;
  /** The last saved sequence number. Null: read from the oldest record. `END`: a closed shard was read to its end. */
  readonly position: string | null;
  save(position: string): Promise<void>;
  release(): Promise<void>;
}

export type Flow = "request" | "stream";

/** The id of a delivery and its arrival in Unix seconds. A redelivery has the same name. */
export interface DeliveryRef {
  id: string;
  received_at: number;
}
/**
 * A delivery is one ingestion (Flow 1) or one stream record (Flow 2). It is the unit that is counted and applied exactly
 * once. Its id is a hash of its identity, so a redelivery has the same id.
 *
 * A delivery that is applied again is a repeat: the sink counts its rows as `repeats` and stores none of them. This differs
 * from a duplicate, which is a row of a new delivery whose observation is stored already.
 */
export interface Delivery extends DeliveryRef {
  /** Rows received in it, cleaned and rejected. */
  rows: number;
  rejected: Readonly<Record<string, number>>;
}

/**
 * The input of one transaction: the rows of some deliveries and their counts. `batch.delivery` indexes `deliveries`. `batch`
 * may contain several rows with one identity.
 */
export interface BatchWrite {
  flow: Flow;
  batch_id: string;
  contract: string;
  /** Unix seconds: the newest arrival among the deliveries. */
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
 * Writes cleaned rows: PostgreSQL, DynamoDB, or manifests in a deployment without a database.
 *
 * Laws:
 * - A delivery is applied once, however often it is delivered, in any batch, also when two writers apply it at once.
 * - A write is visible as a whole or not at all. A store without transactions writes rows one by one and the counts last.
 * - received = accepted + duplicate + rejected for every batch. The first, accepted and rejected are
 *   counted. Duplicate is the rest: rows of new deliveries that were not stored.
 * - `aircraft` has the newest row of each aircraft, in any order of arrival.
 */
export interface Sink {
  apply(write: BatchWrite): Promise<Applied>;
  /** The ids of the deliveries that were applied. */
  delivered(deliveries: readonly DeliveryRef[]): Promise<Set<string>>;
  /** Resolves when the store can apply a batch. Throws when it cannot. */
  ping(): Promise<void>;
}

/**
 * The counts of a sink, one row per batch.
 *
 * Laws:
 * - There is one ledger row per batch, or per delivery in a store that applies deliveries one by one. A repeat adds to its `repeats`, unless rows of the ledger cannot change (manifests). It
 *   changes nothing else.
 * - `totals` sums the ledger and counts the tables in one snapshot, if the store has snapshots.
 * - `expire` removes rows and adds their number to `expired` in one transaction. Ledger rows are never removed. A ledger
 *   without tables has no rows to expire and returns 0.
 */
export interface Ledger {
  /** The ledger row of a batch, by its own id or that of one of its deliveries. Null if there is none. */
  batch(name: DeliveryRef): Promise<LedgerRow | null>;
  totals(query: TotalsQuery): Promise<Totals>;
  /** Sums over the batches that were applied until `at` (Unix seconds). The tables are not counted. */
  past(at: number): Promise<Record<Flow, FlowTotals>>;
  /** Removes rows that arrived before `received_at` (Unix seconds). Returns how many. */
  expire(received_at: number): Promise<number>;
}

/**
 * Reads stored rows. Both methods throw `NotAnsweredError` for a query that needs an order which the store does not keep.
 *
 * Laws:
 * - `states` yields rows in the order of `StateKey`. Pages after a key lose no row and repeat no row.
 * - A box includes its edges. A box with `lomin` greater than `lomax` crosses the antimeridian.
 */
export interface Reader {
  aircraft(query: AircraftQuery): Promise<StoredRow[]>;
  states(query: StatesQuery): Promise<StoredRow[]>;
}

/** The ports of one database. `reader` is null in a deployment without a database, which cannot answer queries. */
export interface DatabasePorts {
  sink: Sink;
  ledger: Ledger;
  reader: Reader | null;
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
/** A consistent view of a database, opaque to all but its own adapters. */
export type Snapshot = object;
export interface TotalsQuery {
  /** `ingestions` lists those that were applied since this Unix time. */
  since: number;
  /** Also counts tables that can be counted only by reading them whole. */
  verify?: boolean;
  /** Called within the ledger's snapshot, if the store has one, for counts that must be of the same moment. */
  within?: (snapshot: Snapshot) => Promise<void>;
}
export interface FlowTotals {
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  reasons: Record<string, number>;
  repeats: number;
  expired: number;
  /** Rows in the tables. Null if they were not counted. */
  stored: number | null;
  /** Some batches whose stored rows differ from accepted - expired. Rows without a batch are included. */
  unbalanced: { batch_id: string; expected: number; stored: number }[];
}
/** The rows that entered a flow, counted where they enter and independently of the ledger. */
export interface Intake {
  received: number;
  /** The backlog: rows that are not in a delivery yet. */
  pending: number;
  /** Unix seconds: arrival of the oldest pending row. */
  oldest_pending: number | null;
}
export interface Totals {
  flows: Record<Flow, FlowTotals>;
  /** Unix seconds of the snapshot. */
  stored_at: number;
  /** Ids of ingestions that were applied since `TotalsQuery.since`. */
  ingestions: string[];
  /** Totals of further databases. */
  others?: Record<Flow, FlowTotals>[];
}
