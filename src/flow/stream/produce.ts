import { createHash } from "node:crypto";
import { DEFAULT_SOURCE } from "../../flight/identifiers.ts";
import { readBody } from "../../format/body.ts";
import { encodeChunk } from "../../format/chunk.ts";
import { inflate } from "../../format/gzip.ts";
import { lineRows, type RawLine } from "../../format/raw-lines.ts";
import { backoff, pause } from "../../retry.ts";
import { UnavailableError } from "../errors.ts";
import type { OutgoingRecord, Stream } from "../ports.ts";

export interface ProducerOptions {
  signal: AbortSignal;
  /** The number of partition keys among which rows are distributed. */
  groups: number;
  /** The source of all rows. Unset: the source that follows from the shape of the body. */
  source?: string | undefined;
  /** Called when the stream rejects records or is down. The producer retries. */
  onTrouble?: (error: Error) => void;
}

/**
 * Collects rows into chunks and puts these on a stream. Invariant: a chunk stays in memory until the stream has
 * acknowledged it, so no row is lost while the process lives.
 */
export interface Producer {
  /** Adds a body in any accepted format. Resolves when there is room for more. Throws `UndecodableError`. */
  add(body: Uint8Array, media_type: string): Promise<void>;
  /** Adds one row. Callers must call `room` regularly. */
  take(line: RawLine): void;
  /** Sends chunks that are full or old. Resolves when there is room for more: this is the backpressure of the stream. */
  room(): Promise<void>;
  /** Sends all rows. Resolves when they are acknowledged. */
  flush(): Promise<void>;
  /** Number of rows acknowledged so far. */
  readonly rows_put: number;
}

/** The size of a chunk: Kinesis bills each record in units of 25 KB. */
const CHUNK_BYTES = 25_000;
/** Gzip makes rows in JSON about this many times smaller. Only the size of chunks depends on it. */
const COMPRESSION = 6;
/** A chunk that is not full is sent after this time. */
const MAX_WAIT_MS = 1_000;
const RECORDS_PER_PUT = 40;

/** Rows with one source and one partition key, which become one chunk. */
interface Group {
  source: string;
  key: string;
  lines: Uint8Array[];
  bytes: number;
  since: number;
}

/**
 * A producer for a stream. Rows of one aircraft and source have one partition key, so one shard. Chunks may be stored in a
 * different order than they were sent.
 */
export function producer(stream: Stream, options: ProducerOptions): Producer {
  const groups = new Map<string, Group>();
  let ready: OutgoingRecord[] = [];
  let rowsPut = 0;

  const cut = (group: Group): void => {
    groups.delete(`${group.source} ${group.key}`);
    ready.push({ partition_key: group.key, data: encodeChunk(group.source, group.lines), rows: group.lines.length });
  };
  const take = ({ source, icao24, line }: RawLine): void => {
    const chunkSource = options.source ?? source ?? DEFAULT_SOURCE;
    const key = partitionKey(chunkSource, icao24 ?? line, options.groups);
    const name = `${chunkSource} ${key}`;
    const group = groups.get(name) ?? { source: chunkSource, key, lines: [], bytes: 0, since: Date.now() };
    groups.set(name, group);
    group.lines.push(line);
    group.bytes += line.length;
    if (group.bytes >= CHUNK_BYTES * COMPRESSION) cut(group);
  };
  const send = async (min_records: number): Promise<void> => {
    while (ready.length >= min_records && ready.length > 0) {
      const records = ready.splice(0, RECORDS_PER_PUT);
      await putAll(stream, records, options);
      rowsPut += records.reduce((sum, { rows }) => sum + rows, 0);
    }
  };
  const room = async (): Promise<void> => {
    const old = Date.now() - MAX_WAIT_MS;
    for (const group of groups.values()) if (group.since <= old) cut(group);
    await send(RECORDS_PER_PUT);
  };
  return {
    take,
    room,
    async add(body, media_type) {
      readBody(inflate(body), media_type, lineRows(take));
      await room();
    },
    async flush() {
      for (const group of groups.values()) cut(group);
      await send(1);
    },
    get rows_put() {
      return rowsPut;
    },
  };
}

/** `hash(source, icao24) mod groups` as text. `aircraft` is the line if the row has no icao24. */
function partitionKey(source: string, aircraft: string | Uint8Array, groups: number): string {
  const hash = createHash("md5").update(`${source} `).update(aircraft).digest();
  return String(hash.readUInt32BE(0) % groups);
}

/** Puts records until each is acknowledged. After a back-off, it puts only those again that failed. */
async function putAll(stream: Stream, records: readonly OutgoingRecord[], options: ProducerOptions): Promise<void> {
  let left = records;
  for (let failures = 0; left.length > 0; failures++) {
    left = await putOnce(stream, left, options);
    if (left.length > 0) await pause(backoff(failures), options.signal);
    if (left.length > 0 && options.signal.aborted)
      throw new Error("stopped before all rows were acknowledged. Send them again");
  }
}

/** Puts records once. Returns those that were not acknowledged. */
async function putOnce(
  stream: Stream,
  records: readonly OutgoingRecord[],
  { onTrouble }: ProducerOptions,
): Promise<readonly OutgoingRecord[]> {
  try {
    const results = await stream.put(records);
    const failed = records.filter((_, i) => results[i] === undefined || "error" in results[i]);
    const [problem] = results.flatMap((result) => ("error" in result ? [result.error] : []));
    if (problem !== undefined) onTrouble?.(new Error(problem));
    return failed;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    onTrouble?.(error);
    return records;
  }
}
