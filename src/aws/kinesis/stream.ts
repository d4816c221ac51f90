import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { UnavailableError } from "../../flow/errors.ts";
import type { OutgoingRecord, PutResult, Stream } from "../../flow/ports.ts";
import { pause } from "../../retry.ts";
import { callService } from "../errors.ts";
import { listShards, readShard, type Cursor } from "./read.ts";

/** Limits of PutRecords. */
const MAX_RECORDS_PER_CALL = 500;
const MAX_BYTES_PER_CALL = 5 * 1024 * 1024;
const MAX_BYTES_PER_RECORD = 1024 * 1024;
/** Kinesis does not notify readers of new records. It allows five reads of a shard a second, by all its readers together. */
const POLL_MS = 500;

/** A client over HTTP/1.1, which both Kinesis and its emulators support. */
export const kinesisClient = (endpoint?: string): KinesisClient =>
  new KinesisClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 5,
    requestHandler: new NodeHttpHandler({ connectionTimeout: 5_000, requestTimeout: 30_000 }),
  });

/** The `Stream` port on Kinesis. */
export function kinesisStream(client: KinesisClient, { name }: { name: string }): Stream {
  const cursors = new Map<string, Cursor>();
  return {
    name,
    async put(records) {
      const results: PutResult[] = [];
      for (const call of callsOf(records)) results.push(...(await putOrFail(client, name, call)));
      return results;
    },
    shards: () => callService("Kinesis", () => listShards(client, name)),
    read: (shard, after, limit) =>
      callService("Kinesis", () => readShard({ client, name, cursors }, { shard, after, limit })),
    arrival: (ms, signal) => pause(Math.min(ms, POLL_MS), signal),
  };
}

const sizeOf = ({ data, partition_key }: OutgoingRecord): number => data.length + Buffer.byteLength(partition_key);

/** Splits records into calls of PutRecords, in order. */
function* callsOf(records: readonly OutgoingRecord[]): Generator<OutgoingRecord[]> {
  let call: OutgoingRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (call.length > 0 && (call.length === MAX_RECORDS_PER_CALL || bytes + sizeOf(record) > MAX_BYTES_PER_CALL)) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(record);
    bytes += sizeOf(record);
  }
  if (call.length > 0) yield call;
}

/** Puts the records of one call. A failed call is an error of each of its records. Records of earlier calls are acknowledged. */
async function putOrFail(client: KinesisClient, name: string, call: readonly OutgoingRecord[]): Promise<PutResult[]> {
  try {
    return await putCall(client, name, call);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return call.map(() => ({ error: error.message }));
  }
}

/** One result for each record, because a successful call may refuse some of its records. */
async function putCall(client: KinesisClient, name: string, call: readonly OutgoingRecord[]): Promise<PutResult[]> {
  const fitting = call.filter((record) => sizeOf(record) <= MAX_BYTES_PER_RECORD);
  const answers =
    fitting.length === 0
      ? []
      : await callService("Kinesis", async () => {
          const Records = fitting.map(({ partition_key, data }) => ({ PartitionKey: partition_key, Data: data }));
          return (await client.send(new PutRecordsCommand({ StreamName: name, Records }))).Records ?? [];
        });
  let next = 0;
  return call.map((record) => {
    if (sizeOf(record) > MAX_BYTES_PER_RECORD)
      return { error: `a record has ${sizeOf(record)} bytes, Kinesis accepts at most ${MAX_BYTES_PER_RECORD}` };
    const { SequenceNumber, ErrorCode, ErrorMessage } = answers[next++] ?? {};
    if (SequenceNumber !== undefined && ErrorCode === undefined) return { sequence_number: SequenceNumber };
    return { error: `Kinesis refused a record: ${ErrorCode ?? "no answer"} ${ErrorMessage ?? ""}` };
  });
}
