import { setTimeout as sleep } from "node:timers/promises";
import {
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  ResourceNotFoundException,
  type KinesisClient,
  type Shard as KinesisShard,
} from "@aws-sdk/client-kinesis";
import type { ReadResult, Shard } from "../../flow/ports.ts";

/** A shard may be read five times a second by all its readers together. */
const BETWEEN_READS_MS = 250;

/** Where the next read of a shard goes on, as Kinesis gave it. */
export interface Cursor {
  after: string | null;
  iterator: string;
}

/** All shards that Kinesis still knows, closed ones too. */
export async function listShards(client: KinesisClient, name: string): Promise<Shard[]> {
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

/** A closed shard is forgotten once its last record has left the retention: nothing is left of it to read. */
export async function readKnown(reader: Reader, reading: Reading): Promise<ReadResult> {
  try {
    return await readOn(reader, reading);
  } catch (error) {
    const { client, name, cursors } = reader;
    const isGone =
      error instanceof ResourceNotFoundException &&
      !(await listShards(client, name)).some(({ id }) => id === reading.shard);
    if (!isGone) throw error;
    cursors.delete(reading.shard);
    return { records: [], ended: true };
  }
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
      await sleep(BETWEEN_READS_MS);
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
