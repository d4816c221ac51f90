import {
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type Shard as KinesisShard,
} from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { OutgoingRecord, PutResult, ReadResult, Shard, Stream } from "../flow/ports.ts";
import { pause } from "../flow/retry.ts";
import { available } from "./errors.ts";

const RECORDS_A_CALL = 500;
const BYTES_A_CALL = 5 * 1024 * 1024;
const BYTES_A_RECORD = 1024 * 1024;
/** Kinesis tells nobody of arrivals; a shard may be read five times a second by all its readers together. */
const POLL_MS = 500;

/** A client over HTTP/1.1, which Kinesis and its emulators both speak. */
export const kinesisClient = (endpoint?: string): KinesisClient =>
  new KinesisClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 5,
    requestHandler: new NodeHttpHandler({ connectionTimeout: 5_000, requestTimeout: 30_000 }),
  });

/** Where the next read of a shard goes on, as Kinesis gave it. */
interface Cursor {
  after: string | null;
  iterator: string;
}

/** The `Stream` port on Kinesis. */
export function kinesisStream(client: KinesisClient, { name }: { name: string }): Stream {
  const cursors = new Map<string, Cursor>();
  return {
    name,
    async put(records) {
      const results: PutResult[] = [];
      for (const call of callsOf(records)) results.push(...(await putCall(client, name, call)));
      return results;
    },
    shards: () => available("Kinesis", () => listShards(client, name)),
    read: (shard, after, limit) =>
      available("Kinesis", () => readOn({ client, name, cursors }, { shard, after, limit })),
    arrival: (ms, signal) => pause(Math.min(ms, POLL_MS), signal),
  };
}

const sizeOf = ({ data, partition_key }: OutgoingRecord): number => data.length + Buffer.byteLength(partition_key);

/** Records in their order, cut where a call would be too large. */
function* callsOf(records: readonly OutgoingRecord[]): Generator<OutgoingRecord[]> {
  let call: OutgoingRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (call.length > 0 && (call.length === RECORDS_A_CALL || bytes + sizeOf(record) > BYTES_A_CALL)) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(record);
    bytes += sizeOf(record);
  }
  if (call.length > 0) yield call;
}

/** An answer for each record by itself: a call that succeeded may have failed for some of them. */
async function putCall(client: KinesisClient, name: string, call: readonly OutgoingRecord[]): Promise<PutResult[]> {
  const fitting = call.filter((record) => sizeOf(record) <= BYTES_A_RECORD);
  const answers =
    fitting.length === 0
      ? []
      : await available("Kinesis", async () => {
          const Records = fitting.map(({ partition_key, data }) => ({ PartitionKey: partition_key, Data: data }));
          return (await client.send(new PutRecordsCommand({ StreamName: name, Records }))).Records ?? [];
        });
  let next = 0;
  return call.map((record) => {
    if (sizeOf(record) > BYTES_A_RECORD)
      return { error: `a record of ${sizeOf(record)} bytes is more than Kinesis takes` };
    const { SequenceNumber, ErrorCode, ErrorMessage } = answers[next++] ?? {};
    if (SequenceNumber !== undefined && ErrorCode === undefined) return { sequence_number: SequenceNumber };
    return { error: `Kinesis did not take a record: ${ErrorCode ?? "no answer"} ${ErrorMessage ?? ""}` };
  });
}

async function listShards(client: KinesisClient, name: string): Promise<Shard[]> {
  const found: KinesisShard[] = [];
  let NextToken: string | undefined;
  do {
    const input: { StreamName?: string; NextToken?: string } =
      NextToken === undefined ? { StreamName: name } : { NextToken };
    const page = await client.send(new ListShardsCommand(input));
    found.push(...(page.Shards ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found.map(({ ShardId = "", ParentShardId, AdjacentParentShardId }) => ({
    id: ShardId,
    parents: [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined),
  }));
}

interface Reader {
  client: KinesisClient;
  name: string;
  cursors: Map<string, Cursor>;
}
interface Reading {
  shard: string;
  after: string | null;
  limit: number;
}

/** Reads on until there are records or the tip is reached: an empty answer may lie before records that are there. */
async function readOn({ client, name, cursors }: Reader, { shard, after, limit }: Reading): Promise<ReadResult> {
  const known = cursors.get(shard);
  let iterator = known?.after === after ? known.iterator : await iteratorAfter(client, name, { shard, after });
  for (;;) {
    const answer = await client
      .send(new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }))
      .catch((error: unknown) => {
        if (error instanceof ExpiredIteratorException) return null;
        throw error;
      });
    if (answer === null) {
      iterator = await iteratorAfter(client, name, { shard, after });
      continue;
    }
    const { Records = [], NextShardIterator, MillisBehindLatest = 0 } = answer;
    const last = Records.at(-1)?.SequenceNumber ?? after;
    if (NextShardIterator === undefined || NextShardIterator === null) cursors.delete(shard);
    else cursors.set(shard, { after: last, iterator: NextShardIterator });
    if (Records.length === 0 && MillisBehindLatest > 0 && NextShardIterator) {
      iterator = NextShardIterator;
      continue;
    }
    return {
      ended: Records.length === 0 && !NextShardIterator,
      records: Records.map(({ PartitionKey = "", SequenceNumber = "", Data, ApproximateArrivalTimestamp }) => ({
        partition_key: PartitionKey,
        sequence_number: SequenceNumber,
        data: Data ?? new Uint8Array(),
        arrived_at: Math.floor((ApproximateArrivalTimestamp?.getTime() ?? 0) / 1000),
      })),
    };
  }
}

async function iteratorAfter(
  client: KinesisClient,
  name: string,
  { shard, after }: Omit<Reading, "limit">,
): Promise<string> {
  const from =
    after === null
      ? { ShardIteratorType: "TRIM_HORIZON" as const }
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, StartingSequenceNumber: after };
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({ StreamName: name, ShardId: shard, ...from }),
  );
  if (ShardIterator === undefined) throw new Error(`Kinesis gave no iterator for ${shard} of ${name}`);
  return ShardIterator;
}
