import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { UnavailableError } from "../../flow/errors.ts";
import type { OutgoingRecord, PutResult, Stream } from "../../flow/ports.ts";
import { pause } from "../../retry.ts";
import { available } from "../errors.ts";
import { listShards, readKnown, type Cursor } from "./read.ts";

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

/** The `Stream` port on Kinesis. */
export function kinesisStream(client: KinesisClient, { name }: { name: string }): Stream {
  const cursors = new Map<string, Cursor>();
  return {
    name,
    async put(records) {
      const results: PutResult[] = [];
      for (const call of callsOf(records)) results.push(...(await putOrRefuse(client, name, call)));
      return results;
    },
    shards: () => available("Kinesis", () => listShards(client, name)),
    read: (shard, after, limit) =>
      available("Kinesis", () => readKnown({ client, name, cursors }, { shard, after, limit })),
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

/** A call that is refused as a whole is an error of its own records: those of the calls before it were acknowledged. */
async function putOrRefuse(client: KinesisClient, name: string, call: readonly OutgoingRecord[]): Promise<PutResult[]> {
  try {
    return await putCall(client, name, call);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return call.map(() => ({ error: error.message }));
  }
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
