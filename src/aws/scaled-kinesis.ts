import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  AddTagsToStreamCommand,
  DescribeStreamSummaryCommand,
  ListTagsForStreamCommand,
  UpdateShardCountCommand,
  type KinesisClient,
} from "@aws-sdk/client-kinesis";
import type { MinuteOfStream, ScaledStream, ShardChange } from "./shard-scaling.ts";

const NAMES = { bytes: "IncomingBytes", records: "IncomingRecords", throttled: "WriteProvisionedThroughputExceeded" };
const LOOKED_AT_S = 35 * 60;
const MINUTE_S = 60;
/** The changes of a day stand in a tag of the stream: they are few, and no table is needed. */
const TAG = "flightline:scaled";

/** A stream on Kinesis with CloudWatch's metrics. */
export const scaledKinesis = (kinesis: KinesisClient, name: string): ScaledStream => ({
  minutes: (now_s) => readMinutes(new CloudWatchClient({}), name, now_s),
  async shards() {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    return StreamDescriptionSummary?.OpenShardCount ?? 0;
  },
  async history() {
    const { Tags = [] } = await kinesis.send(new ListTagsForStreamCommand({ StreamName: name }));
    return readHistory(Tags.find(({ Key }) => Key === TAG)?.Value ?? "");
  },
  async change(to, history) {
    await kinesis.send(new AddTagsToStreamCommand({ StreamName: name, Tags: { [TAG]: writeHistory(history) } }));
    await kinesis.send(
      new UpdateShardCountCommand({ StreamName: name, TargetShardCount: to, ScalingType: "UNIFORM_SCALING" }),
    );
  },
});

const HISTORY = /^(\d+)-(\d+)-(\d+)$/;

/** Ten changes fit a tag's 256 characters. */
export const writeHistory = (history: readonly ShardChange[]): string =>
  history.map(({ at, from, to }) => `${Math.floor(at)}-${from}-${to}`).join(" ");

/** The inverse of `writeHistory`; what is no change of ours is passed over. */
export const readHistory = (text: string): ShardChange[] =>
  text.split(" ").flatMap((one) => {
    const [, at, from, to] = HISTORY.exec(one) ?? [];
    return at === undefined ? [] : [{ at: Number(at), from: Number(from), to: Number(to) }];
  });

async function readMinutes(client: CloudWatchClient, name: string, now_s: number): Promise<MinuteOfStream[]> {
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date((now_s - LOOKED_AT_S) * 1000),
      EndTime: new Date(now_s * 1000),
      ScanBy: "TimestampAscending",
      MetricDataQueries: Object.entries(NAMES).map(([Id, MetricName]) => ({
        Id,
        MetricStat: {
          Metric: { Namespace: "AWS/Kinesis", MetricName, Dimensions: [{ Name: "StreamName", Value: name }] },
          Period: MINUTE_S,
          Stat: "Sum",
        },
      })),
    }),
  );
  // a minute without a metric is one without records
  const minutes = new Map<number, MinuteOfStream>();
  const last = Math.floor(now_s / MINUTE_S) * MINUTE_S;
  for (let at = last - LOOKED_AT_S; at < last; at += MINUTE_S)
    minutes.set(at, { at, bytes: 0, records: 0, throttled: 0 });
  for (const { Id, Timestamps = [], Values = [] } of MetricDataResults)
    for (const [i, time] of Timestamps.entries()) {
      const minute = minutes.get(time.getTime() / 1000);
      if (minute !== undefined) minute[Id as keyof typeof NAMES] = Values[i] ?? 0;
    }
  return [...minutes.values()];
}
