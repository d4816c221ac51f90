import { DescribeStreamCommand, MergeShardsCommand, SplitShardCommand } from "@aws-sdk/client-kinesis";
import type { Kinesalite } from "./kinesalite.ts";

interface OpenShard {
  id: string;
  from: bigint;
  to: bigint;
}

/** The open shards with their ranges of hash keys, ordered by key. */
async function openShards(kinesis: Kinesalite, StreamName: string): Promise<OpenShard[]> {
  const { StreamDescription } = await kinesis.client.send(new DescribeStreamCommand({ StreamName }));
  return (StreamDescription?.Shards ?? [])
    .filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
    .map(({ ShardId = "", HashKeyRange }) => ({
      id: ShardId,
      from: BigInt(HashKeyRange?.StartingHashKey ?? 0),
      to: BigInt(HashKeyRange?.EndingHashKey ?? 0),
    }))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
}

export const countShards = async (kinesis: Kinesalite, name: string): Promise<number> =>
  (await openShards(kinesis, name)).length;

/** Splits the open shard with the widest range in its middle. */
export async function splitOne(kinesis: Kinesalite, name: string): Promise<void> {
  const [widest] = (await openShards(kinesis, name)).sort((a, b) => (a.to - a.from > b.to - b.from ? -1 : 1));
  if (widest === undefined) return;
  const NewStartingHashKey = ((widest.from + widest.to) / 2n + 1n).toString();
  await kinesis.client.send(new SplitShardCommand({ StreamName: name, ShardToSplit: widest.id, NewStartingHashKey }));
  await kinesis.active(name);
}

/** Merges the two open shards with the lowest keys. */
export async function mergeTwo(kinesis: Kinesalite, name: string): Promise<void> {
  const [first, second] = await openShards(kinesis, name);
  await kinesis.client.send(
    new MergeShardsCommand({ StreamName: name, ShardToMerge: first?.id, AdjacentShardToMerge: second?.id }),
  );
  await kinesis.active(name);
}

/** Emulates UpdateShardCount, which kinesalite does not support, by splits or merges. */
export async function setShards(kinesis: Kinesalite, name: string, count: number): Promise<void> {
  for (let open = await countShards(kinesis, name); open !== count; open += open < count ? 1 : -1)
    await (open < count ? splitOne : mergeTwo)(kinesis, name);
}
