import { paginateGetMetricData, type CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import {
  AddTagsToStreamCommand,
  DescribeStreamSummaryCommand,
  ListTagsForStreamCommand,
  ResourceInUseException,
  UpdateShardCountCommand,
  type KinesisClient,
} from "@aws-sdk/client-kinesis";
import type { MinuteOfStream, ScaledStream, ShardChange } from "./shard-scaling.ts";

const COUNTS = { bytes: "IncomingBytes", records: "IncomingRecords", throttled: "WriteProvisionedThroughputExceeded" };
/** Who reads is counted by each read: a minute with reads and without puts is one in which nothing came. */
const READS = { reads: "GetRecords.Success" };
const MINUTE_S = 60;
/** The last changes stand in a tag of the stream: they are few, and no table is needed. */
const TAG = "flightline-scaled";
/** A tag holds 256 characters. */
const REMEMBERED = 12;

/** A stream on Kinesis with CloudWatch's metrics. */
export const scaledKinesis = (kinesis: KinesisClient, cloudWatch: CloudWatchClient, name: string): ScaledStream => ({
  minutes: (since_s, now_s) => readMinutes(cloudWatch, name, { since_s, now_s }),
  async shards() {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    const { StreamStatus, OpenShardCount } = StreamDescriptionSummary ?? {};
    return StreamStatus === "ACTIVE" ? (OpenShardCount ?? null) : null;
  },
  async history() {
    const { Tags = [] } = await kinesis.send(new ListTagsForStreamCommand({ StreamName: name }));
    return readHistory(Tags.find(({ Key }) => Key === TAG)?.Value ?? "");
  },
  async change(to) {
    const asked = { StreamName: name, TargetShardCount: to, ScalingType: "UNIFORM_SCALING" } as const;
    try {
      await kinesis.send(new UpdateShardCountCommand(asked));
      return true;
    } catch (error) {
      if (error instanceof ResourceInUseException) return false;
      throw error;
    }
  },
  async remember(history) {
    await kinesis.send(new AddTagsToStreamCommand({ StreamName: name, Tags: { [TAG]: writeHistory(history) } }));
  },
});

const CHANGE = /^(\d+)-(\d+)-(\d+)$/;

/** The last changes as a tag's value. */
export const writeHistory = (history: readonly ShardChange[]): string =>
  history
    .slice(-REMEMBERED)
    .map(({ at, from, to }) => `${Math.floor(at)}-${from}-${to}`)
    .join(" ");

/** The inverse of `writeHistory`; what is no change of ours is passed over. */
export const readHistory = (text: string): ShardChange[] =>
  text.split(" ").flatMap((one) => {
    const [, at, from, to] = CHANGE.exec(one) ?? [];
    return at === undefined ? [] : [{ at: Number(at), from: Number(from), to: Number(to) }];
  });

async function readMinutes(
  client: CloudWatchClient,
  name: string,
  { since_s, now_s }: { since_s: number; now_s: number },
): Promise<MinuteOfStream[]> {
  const minutes = new Map<number, MinuteOfStream & { reads: number }>();
  const pages = paginateGetMetricData(
    { client },
    {
      StartTime: new Date(since_s * 1000),
      EndTime: new Date(now_s * 1000),
      MetricDataQueries: Object.entries({ ...COUNTS, ...READS }).map(([Id, MetricName]) => ({
        Id,
        MetricStat: {
          Metric: { Namespace: "AWS/Kinesis", MetricName, Dimensions: [{ Name: "StreamName", Value: name }] },
          Period: MINUTE_S,
          Stat: "Sum",
        },
      })),
    },
  );
  for await (const { MetricDataResults = [] } of pages)
    for (const { Id, Timestamps = [], Values = [] } of MetricDataResults)
      for (const [i, time] of Timestamps.entries()) {
        const at = time.getTime() / 1000;
        const minute = minutes.get(at) ?? { at, bytes: 0, records: 0, throttled: 0, reads: 0 };
        minute[Id as keyof typeof COUNTS] = Values[i] ?? 0;
        minutes.set(at, minute);
      }
  return [...minutes.values()];
}
