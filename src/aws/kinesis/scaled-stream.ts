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
/** Each read counts. A minute with reads and without puts is known: no records arrived in it. */
const READS = { reads: "GetRecords.Success" };
const MINUTE_S = 60;
/** A tag of the stream stores the last changes. They are few, so they need no table. */
const TAG = "flightline-scaled";
/** The number of changes that fit the 256 characters of a tag. */
const MAX_CHANGES = 12;

/** A Kinesis stream with its metrics from CloudWatch. */
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
  async setShards(count) {
    const input = { StreamName: name, TargetShardCount: count, ScalingType: "UNIFORM_SCALING" } as const;
    try {
      await kinesis.send(new UpdateShardCountCommand(input));
      return true;
    } catch (error) {
      if (error instanceof ResourceInUseException) return false;
      throw error;
    }
  },
  async saveHistory(history) {
    await kinesis.send(new AddTagsToStreamCommand({ StreamName: name, Tags: { [TAG]: writeHistory(history) } }));
  },
});

const CHANGE = /^(\d+)-(\d+)-(\d+)$/;

/** The tag's value for the last changes. */
export const writeHistory = (history: readonly ShardChange[]): string =>
  history
    .slice(-MAX_CHANGES)
    .map(({ at, from, to }) => `${Math.floor(at)}-${from}-${to}`)
    .join(" ");

/** The inverse of `writeHistory`. Words of another format are ignored. */
export const readHistory = (text: string): ShardChange[] =>
  text.split(" ").flatMap((word) => {
    const [, at, from, to] = CHANGE.exec(word) ?? [];
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
