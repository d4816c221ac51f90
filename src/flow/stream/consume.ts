import { backoff, pause } from "../../retry.ts";
import { LeaseLostError, UnavailableError } from "../errors.ts";
import type { Applied, CheckpointSession, Checkpoints, Lease, Shard, Stream, StreamRecord } from "../ports.ts";
import { applyRecords, microBatch, type MicroBatch, type SinkPorts } from "./micro-batch.ts";

export interface ConsumePorts extends SinkPorts {
  stream: Stream;
  checkpoints: Checkpoints;
  /** The source of rows whose chunk names none. */
  source: string;
}

export interface ConsumeOptions {
  signal: AbortSignal;
  /** Called after each micro-batch is stored and its checkpoint saved. */
  onBatch?: (applied: Applied) => void;
  /** Called when a sink or the stream is down. The flow waits and retries. */
  onTrouble?: (error: Error) => void;
  /** Ends when no shard has further records, instead of waiting for more. */
  untilEmpty?: boolean;
}

const RECORDS_PER_BATCH = 48;
const POLL_MS = 200;
const REBALANCE_MS = 2_000;
/** The position of a closed shard that was read to its end. */
const END = "END";

/**
 * Consumes a stream until the signal aborts. It leases shards, reads records, and decodes, cleans and stores them in
 * micro-batches. It saves a checkpoint after a micro-batch is stored. After a crash, records since the last checkpoint are
 * read again, and the sinks count them as repeats. So each delivery is stored exactly once.
 */
export async function consume(ports: ConsumePorts, options: ConsumeOptions): Promise<void> {
  for (let failures = 0; !options.signal.aborted;) {
    try {
      await runSession(ports, options, () => (failures = 0));
      return;
    } catch (error) {
      if (!(error instanceof LeaseLostError || error instanceof UnavailableError)) throw error;
      options.onTrouble?.(error);
      await pause(backoff(failures++), options.signal);
    }
  }
}

/** A shard that this consumer has leased. */
interface Reading {
  lease: Lease;
  /** Sequence number of the last record that was read. It may be ahead of the saved position. */
  position: string | null;
}

async function runSession(ports: ConsumePorts, options: ConsumeOptions, onProgress: () => void): Promise<void> {
  const open = await ports.checkpoints.open();
  const readings = new Map<string, Reading>();
  try {
    await readOn(ports, { ...options, open, readings, onProgress });
  } finally {
    // Closing ends the leases. A broken session has lost them already
    await open.close().catch(() => {});
  }
}

interface Session extends ConsumeOptions {
  open: CheckpointSession;
  readings: Map<string, Reading>;
  onProgress: () => void;
}

/** Reads and stores batches. It reads and decodes the next batch while it stores the current one. */
async function readOn(ports: ConsumePorts, session: Session): Promise<void> {
  let rebalanced = 0;
  let next: Promise<ReadBatch | null> | undefined;
  while (!session.signal.aborted) {
    if (next === undefined && Date.now() - rebalanced > REBALANCE_MS) {
      await rebalance(ports, session);
      rebalanced = Date.now();
    }
    const batch = await (next ?? readBatch(ports, session));
    next = undefined;
    if (batch === null) {
      if (session.untilEmpty === true && (await isEmpty(ports, session))) return;
      await ports.stream.arrival(POLL_MS, session.signal);
      continue;
    }
    const ahead = Date.now() - rebalanced > REBALANCE_MS ? undefined : readBatch(ports, session);
    // An error is handled when `ahead` is awaited. Until then it must not end the process as an unhandled rejection
    ahead?.catch(() => {});
    const applied = batch.micro === null ? undefined : await store(ports, batch.micro, session);
    if (applied === null) return;
    // The positions are those of this batch: the records that were read ahead are not stored yet
    for (const [shard, position] of batch.positions) await session.readings.get(shard)?.lease.save(position);
    session.onProgress();
    if (applied !== undefined) session.onBatch?.(applied);
    next = ahead;
  }
}

/** Retries until the sinks have stored the batch. A sink that is down stops the flow, and no row is dropped. Null: aborted. */
async function store(ports: ConsumePorts, batch: MicroBatch, { signal, onTrouble }: Session): Promise<Applied | null> {
  for (let failures = 0; ; failures++) {
    try {
      return await applyRecords(batch, ports);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      onTrouble?.(error);
      await pause(backoff(failures), signal);
      if (signal.aborted) return null;
    }
  }
}

interface ReadBatch {
  /** Null if no record was read, but closed shards were read to their end. */
  micro: MicroBatch | null;
  /** The position of each shard to save after the batch is stored: its last record or `END`. */
  positions: Map<string, string>;
}

/** Reads from each leased shard, and advances the positions to the micro-batch's last records. Null: there was nothing. */
async function readBatch(ports: ConsumePorts, { readings }: Session): Promise<ReadBatch | null> {
  const open = [...readings.values()].filter(({ position }) => position !== END);
  if (open.length === 0) return null;
  const limit = Math.max(1, Math.floor(RECORDS_PER_BATCH / open.length));
  const readingOf = new Map<StreamRecord, Reading>();
  const positions = new Map<string, string>();
  for (const reading of open) {
    const { records, ended } = await ports.stream.read(reading.lease.shard, reading.position, limit);
    for (const record of records) readingOf.set(record, reading);
    if (records.length > 0 || !ended) continue;
    reading.position = END;
    positions.set(reading.lease.shard, END);
  }
  if (readingOf.size === 0) return positions.size === 0 ? null : { micro: null, positions };
  const micro = microBatch([...readingOf.keys()], { stream: ports.stream.name, source: ports.source });
  for (const record of micro.records) {
    const reading = readingOf.get(record);
    if (reading === undefined) continue;
    reading.position = record.sequence_number;
    positions.set(reading.lease.shard, record.sequence_number);
  }
  return { micro, positions };
}

/**
 * Releases shards beyond this consumer's fair share, or leases free shards up to it. Invariant: no batch is being read
 * ahead, because its shard could be released.
 */
async function rebalance({ stream }: ConsumePorts, { open, readings, untilEmpty }: Session): Promise<void> {
  const shards = await stream.shards();
  // A consumer that ends when the stream is empty leases all free shards. Others leave each consumer its share
  const share = untilEmpty === true ? shards.length : Math.ceil(shards.length / (await open.members()));
  for (const [id, { lease }] of [...readings].slice(share)) {
    await lease.release();
    readings.delete(id);
  }
  for (const { id, parents } of shards) {
    if (readings.size >= share) return;
    if (readings.has(id) || !(await allEnded(open, parents, shards))) continue;
    const lease = await open.lease(id);
    if (lease !== null) readings.set(id, { lease, position: lease.position });
  }
}

/**
 * Whether the shards of other consumers have no waiting records either. Another consumer may have died with records left
 * while its lease has not ended yet.
 */
async function isEmpty({ stream }: ConsumePorts, { open, readings }: Session): Promise<boolean> {
  for (const { id } of await stream.shards()) {
    if (readings.has(id)) continue;
    const position = await open.position(id);
    if (position !== END && (await stream.read(id, position, 1)).records.length > 0) return false;
  }
  return true;
}

/** Whether the parents of a shard were read to their end. Parents that the stream no longer has do not count. */
async function allEnded(
  open: CheckpointSession,
  parents: readonly string[],
  shards: readonly Shard[],
): Promise<boolean> {
  for (const parent of parents)
    if (shards.some(({ id }) => id === parent) && (await open.position(parent)) !== END) return false;
  return true;
}
