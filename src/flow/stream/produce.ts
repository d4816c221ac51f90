import { DEFAULT_SOURCE } from "../../flight/identifiers.ts";
import { inflate } from "../../format/gzip.ts";
import { createHash } from "node:crypto";
import { readBody } from "../../format/body.ts";
import { encodeChunk } from "../../format/chunk.ts";
import { lineRows, type RawLine } from "../../format/raw-lines.ts";
import { UnavailableError } from "../errors.ts";
import type { OutgoingRecord, Stream } from "../ports.ts";
import { backoff, pause } from "../../retry.ts";

export interface ProducerOptions {
  signal: AbortSignal;
  /** Partition keys that rows are spread over. */
  groups: number;
  /** The record's source for every row; unset: what the shape tells. */
  source?: string | undefined;
  onTrouble?: (error: Error) => void;
}

/** Collects rows into chunks and puts them, each acknowledged before it is forgotten. */
export interface Producer {
  /** Takes a body in any shape; resolves when there is room for more. Throws `UndecodableError`. */
  add(body: Uint8Array, media_type: string): Promise<void>;
  /** Takes one row; call `room` now and then. */
  take(line: RawLine): void;
  room(): Promise<void>;
  /** Sends what is held; resolves when all of it is acknowledged. */
  flush(): Promise<void>;
  /** Rows acknowledged so far. */
  readonly rows_put: number;
}

/** A PUT unit of Kinesis, which a chunk should fill. */
const CHUNK_BYTES = 25_000;
/** What gzip leaves of rows as JSON; only where chunks are cut depends on it. */
const COMPRESSION = 6;
const MAX_WAIT_MS = 1_000;
const RECORDS_A_PUT = 40;

interface Group {
  source: string;
  key: string;
  lines: Uint8Array[];
  bytes: number;
  since: number;
}

/** A producer on a stream. Rows of one aircraft and source go to one partition key; order across chunks is not promised. */
export function producer(stream: Stream, options: ProducerOptions): Producer {
  const groups = new Map<string, Group>();
  let ready: OutgoingRecord[] = [];
  let rowsPut = 0;

  const cut = (group: Group): void => {
    groups.delete(`${group.source} ${group.key}`);
    ready.push({ partition_key: group.key, data: encodeChunk(group.source, group.lines), rows: group.lines.length });
  };
  const take = ({ source, icao24, line }: RawLine): void => {
    const named = options.source ?? source ?? DEFAULT_SOURCE;
    const key = partitionKey(named, icao24 ?? line, options.groups);
    const of = `${named} ${key}`;
    const group = groups.get(of) ?? { source: named, key, lines: [], bytes: 0, since: Date.now() };
    groups.set(of, group);
    group.lines.push(line);
    group.bytes += line.length;
    if (group.bytes >= CHUNK_BYTES * COMPRESSION) cut(group);
  };
  const send = async (least: number): Promise<void> => {
    while (ready.length >= least && ready.length > 0) {
      const records = ready.splice(0, RECORDS_A_PUT);
      await putAll(stream, records, options);
      rowsPut += records.reduce((sum, { rows }) => sum + rows, 0);
    }
  };
  const room = async (): Promise<void> => {
    const old = Date.now() - MAX_WAIT_MS;
    for (const group of groups.values()) if (group.since <= old) cut(group);
    await send(RECORDS_A_PUT);
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

/** `hash(source, icao24, else the line) mod groups`, as text. */
function partitionKey(source: string, of: string | Uint8Array, groups: number): string {
  const hash = createHash("md5").update(`${source} `).update(of).digest();
  return String(hash.readUInt32BE(0) % groups);
}

/** Puts records until each is acknowledged: those that failed, and they alone, again after a back-off. */
async function putAll(stream: Stream, records: readonly OutgoingRecord[], options: ProducerOptions): Promise<void> {
  let left = records;
  for (let failures = 0; left.length > 0; failures++) {
    left = await putOnce(stream, left, options);
    if (left.length > 0) await pause(backoff(failures), options.signal);
    if (left.length > 0 && options.signal.aborted) throw new Error("stopped before all rows were acknowledged");
  }
}

/** The records that were not acknowledged. */
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
