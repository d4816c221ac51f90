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

/** Kinesis allows five reads of a shard a second, by all its readers together. */
const BETWEEN_READS_MS = 250;

/** The position of the next read of a shard. `iterator` continues after the sequence number `after`. */
export interface Cursor {
  after: string | null;
  iterator: string;
}

/** All shards of the stream. Closed shards are included until their records expire. */
export async function listShards(client: KinesisClient, name: string): Promise<Shard[]> {
  const shards: KinesisShard[] = [];
  let NextToken: string | undefined;
  do {
    const input: { StreamName?: string; NextToken?: string } =
      NextToken === undefined ? { StreamName: name } : { NextToken };
    const page = await client.send(new ListShardsCommand(input));
    shards.push(...(page.Shards ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return shards.map(({ ShardId = "", ParentShardId, AdjacentParentShardId }) => ({
    id: ShardId,
    parents: [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined),
  }));
}

interface ShardReader {
  client: KinesisClient;
  name: string;
  cursors: Map<string, Cursor>;
}
interface ReadRequest {
  shard: string;
  after: string | null;
  limit: number;
}

/**
 * Reads records of a shard after a sequence number. Kinesis deletes a closed shard after its last record expires. Such a shard
 * is answered as ended.
 */
export async function readShard(reader: ShardReader, request: ReadRequest): Promise<ReadResult> {
  try {
    return await readExisting(reader, request);
  } catch (error) {
    const { client, name, cursors } = reader;
    const isDeleted =
      error instanceof ResourceNotFoundException &&
      !(await listShards(client, name)).some(({ id }) => id === request.shard);
    if (!isDeleted) throw error;
    cursors.delete(request.shard);
    return { records: [], ended: true };
  }
}

/** Reads until records arrive or the tip is reached. Kinesis may answer an empty page although records follow. */
async function readExisting(
  { client, name, cursors }: ShardReader,
  { shard, after, limit }: ReadRequest,
): Promise<ReadResult> {
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
  { shard, after }: Omit<ReadRequest, "limit">,
): Promise<string> {
  const from =
    after === null
      ? { ShardIteratorType: "TRIM_HORIZON" as const }
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, StartingSequenceNumber: after };
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({ StreamName: name, ShardId: shard, ...from }),
  );
  if (ShardIterator === undefined)
    throw new Error(`Kinesis answered no iterator for the shard ${shard} of the stream ${name}`);
  return ShardIterator;
}
