import { DescribeStreamCommand, MergeShardsCommand, SplitShardCommand } from "@aws-sdk/client-kinesis";
import type { Kinesalite } from "./kinesalite.ts";

interface Range {
  id: string;
  from: bigint;
  to: bigint;
}

/** The open shards with their ranges of keys, in the order of keys. */
async function openShards(kinesis: Kinesalite, StreamName: string): Promise<Range[]> {
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

/** Joins the two open shards with the lowest keys. */
export async function mergeTwo(kinesis: Kinesalite, name: string): Promise<void> {
  const [one, two] = await openShards(kinesis, name);
  await kinesis.client.send(
    new MergeShardsCommand({ StreamName: name, ShardToMerge: one?.id, AdjacentShardToMerge: two?.id }),
  );
  await kinesis.active(name);
}

/** What UpdateShardCount does, which kinesalite does not know: as many splits or merges as are needed. */
export async function setShards(kinesis: Kinesalite, name: string, count: number): Promise<void> {
  for (let now = await countShards(kinesis, name); now !== count; now += now < count ? 1 : -1)
    await (now < count ? splitOne : mergeTwo)(kinesis, name);
}
