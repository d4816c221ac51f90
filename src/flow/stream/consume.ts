import { applyRecords, microBatch, type MicroBatch, type SinkPorts } from "./micro-batch.ts";
import { LeaseLostError, UnavailableError } from "../errors.ts";
import type { Applied, CheckpointSession, Checkpoints, Lease, Shard, Stream, StreamRecord } from "../ports.ts";
import { backoff, pause } from "../../retry.ts";

export interface ConsumePorts extends SinkPorts {
  stream: Stream;
  checkpoints: Checkpoints;
  /** The record's source where a chunk names none. */
  source: string;
}

export interface ConsumeOptions {
  signal: AbortSignal;
  /** Called after each micro-batch is stored and its checkpoint saved. */
  onBatch?: (applied: Applied) => void;
  /** Called when a sink or the stream is down; the flow waits and tries again. */
  onTrouble?: (error: Error) => void;
  /** Ends when the shards were read to what stood there at the beginning, instead of waiting for more. */
  untilEmpty?: boolean;
}

const RECORDS_A_BATCH = 48;
const POLL_MS = 200;
const REBALANCE_MS = 2_000;
/** Position of a closed shard that was read to its end. */
const END = "END";

/** Reads a stream's shards by leases until the signal aborts: decode, clean, store, checkpoint, each delivery once. */
export async function consume(ports: ConsumePorts, options: ConsumeOptions): Promise<void> {
  for (let failures = 0; !options.signal.aborted;) {
    try {
      await session(ports, options, () => (failures = 0));
      return;
    } catch (error) {
      if (!(error instanceof LeaseLostError || error instanceof UnavailableError)) throw error;
      options.onTrouble?.(error);
      await pause(backoff(failures++), options.signal);
    }
  }
}

/** One shard that this consumer holds, and how far it has read beyond what is saved. */
interface Reading {
  lease: Lease;
  position: string | null;
}

async function session(ports: ConsumePorts, options: ConsumeOptions, onProgress: () => void): Promise<void> {
  const open = await ports.checkpoints.open();
  const readings = new Map<string, Reading>();
  try {
    await readOn(ports, { ...options, open, readings, onProgress });
  } finally {
    // closing ends the leases; a session that broke has lost them already
    await open.close().catch(() => {});
  }
}

interface Session extends ConsumeOptions {
  open: CheckpointSession;
  readings: Map<string, Reading>;
  onProgress: () => void;
}

/** The next batch is read and decoded while this one is stored. */
async function readOn(ports: ConsumePorts, of: Session): Promise<void> {
  let rebalanced = 0;
  let next: Promise<ReadBatch | null> | undefined;
  while (!of.signal.aborted) {
    if (next === undefined && Date.now() - rebalanced > REBALANCE_MS) {
      await rebalance(ports, of);
      rebalanced = Date.now();
    }
    const batch = await (next ?? readBatch(ports, of));
    next = undefined;
    if (batch === null) {
      if (of.untilEmpty === true && (await isEmpty(ports, of))) return;
      await ports.stream.arrival(POLL_MS, of.signal);
      continue;
    }
    const ahead = Date.now() - rebalanced > REBALANCE_MS ? undefined : readBatch(ports, of);
    // its failure is met when it is awaited, and must not end the process before that
    ahead?.catch(() => {});
    const applied = batch.micro === null ? undefined : await store(ports, batch.micro, of);
    if (applied === null) return;
    // up to the batch's own records: what was read ahead is not stored yet
    for (const [shard, position] of batch.positions) await of.readings.get(shard)?.lease.save(position);
    of.onProgress();
    if (applied !== undefined) of.onBatch?.(applied);
    next = ahead;
  }
}

/** Tries until the sinks took the batch: a sink that is down stops the flow and sheds nothing. Null when aborted. */
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
  /** Null when closed shards were read to their end and nothing else. */
  micro: MicroBatch | null;
  /** What is to be saved of each shard once the batch is stored: its last record, or that it was read to its end. */
  positions: Map<string, string>;
}

/** Reads from each held shard and moves the positions to what the micro-batch took. Null when nothing is there. */
async function readBatch(ports: ConsumePorts, { readings }: Session): Promise<ReadBatch | null> {
  const open = [...readings.values()].filter(({ position }) => position !== END);
  if (open.length === 0) return null;
  const limit = Math.max(1, Math.floor(RECORDS_A_BATCH / open.length));
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

/** Gives up what is more than a fair share of the shards, or leases what is free up to it. Nothing may be read ahead. */
async function rebalance({ stream }: ConsumePorts, { open, readings, untilEmpty }: Session): Promise<void> {
  const shards = await stream.shards();
  // who goes when the stream is empty takes all that is free; who stays leaves the others their share
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

/** Nothing waits in the shards of others either: a holder that died may have left something, and is not yet known dead. */
async function isEmpty({ stream }: ConsumePorts, { open, readings }: Session): Promise<boolean> {
  for (const { id } of await stream.shards()) {
    if (readings.has(id)) continue;
    const position = await open.position(id);
    if (position !== END && (await stream.read(id, position, 1)).records.length > 0) return false;
  }
  return true;
}

/** A child shard is read after its parents, as far as the stream still knows them. */
async function allEnded(
  open: CheckpointSession,
  parents: readonly string[],
  shards: readonly Shard[],
): Promise<boolean> {
  for (const parent of parents)
    if (shards.some(({ id }) => id === parent) && (await open.position(parent)) !== END) return false;
  return true;
}
