import { Duration } from "aws-cdk-lib";
import { MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import { metric, type AlarmProps } from "./alarms.ts";
import type { FlowProps, RequestStack } from "./request-stack.ts";
import { RETENTION_H, type StreamStack } from "./stream-stack.ts";

export interface MonitoringProps extends FlowProps {
  request: RequestStack;
  stream: StreamStack;
}

const HOUR_MS = 3_600_000;
const SLOW_MS = 5_000;
const LATE_MS = 600_000;
const MAX_REJECTED_SHARE = 0.2;

/** Alarms by construct id. */
export type Alarms = Record<string, AlarmProps>;
const API = "AWS/ApiGateway";

export function requestAlarms({ settings, data, request }: MonitoringProps): Alarms {
  const stage = { ApiName: settings.name, Stage: "v1" };
  return {
    ServerErrors: {
      metric: metric(API, "5XXError", stage),
      threshold: 0,
      missingData: "normal",
      description:
        "The API answered 5xx. Read the log of the api function. After a 503, a store was unavailable, and clients retry.",
    },
    SlowAnswers: {
      metric: metric(API, "Latency", stage, { statistic: "p95" }),
      threshold: SLOW_MS,
      periods: 3,
      missingData: "normal",
      description:
        "The API answers slowly: the 95th percentile is above 5 s. Check the size of bodies and the duration of the api function.",
    },
    DeadLetters: {
      metric: metric(
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        { QueueName: data.deadLetters.queueName },
        { statistic: "Maximum" },
      ),
      threshold: 0,
      missingData: "normal",
      description:
        "The dead-letter queue contains files that could not be loaded. Read the loader's log, fix the cause, redrive the queue.",
    },
    ...failureAlarm("Request", request.failures.queueName),
    ...functionAlarms("Handler", request.handler.functionName),
    ...functionAlarms("Loader", request.loader.functionName),
    ...sinkAlarm(settings.name, "request"),
    ...functionAlarms("Maintenance", request.maintenance.functionName),
  };
}

const failureAlarm = (id: string, QueueName: string): Alarms => ({
  [`${id}Failures`]: {
    metric: metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName }, { statistic: "Maximum" }),
    threshold: 0,
    missingData: "normal",
    description:
      "A scheduled function failed after its retries. Its next scheduled run does the work. Read the function's log.",
  },
});

const functionAlarms = (id: string, FunctionName: string): Alarms => ({
  [`${id}Errors`]: {
    metric: metric("AWS/Lambda", "Errors", { FunctionName }),
    threshold: 0,
    periods: 2,
    missingData: "normal",
    description: `The function ${FunctionName} fails. Read its log. No data is lost: its input is delivered again.`,
  },
  [`${id}Throttles`]: {
    metric: metric("AWS/Lambda", "Throttles", { FunctionName }),
    threshold: 0,
    periods: 3,
    missingData: "normal",
    description: `The function ${FunctionName} is throttled: the account's concurrency is used up. Raise the account's limit.`,
  },
});

/** A batch that a sink refuses is not an error of the function. The function reports the records that must be redelivered. */
const sinkAlarm = (Deployment: string, Flow: "request" | "stream"): Alarms => ({
  [Flow === "request" ? "LoadsFailed" : "BatchesFailed"]: {
    metric: metric("Flightline", "failed", { Deployment, Flow }),
    threshold: 0,
    periods: 3,
    missingData: "normal",
    description: `A sink of the ${Flow} flow fails: the bucket, DynamoDB or PostgreSQL. The function's log names it. Failed input is delivered again.`,
  },
});

const consumerAlarms = (name: string, FunctionName: string): Alarms => ({
  ...functionAlarms("Consumer", FunctionName),
  ...sinkAlarm(name, "stream"),
  BlockedShard: {
    metric: metric("AWS/Lambda", "IteratorAge", { FunctionName }, { statistic: "Maximum" }),
    threshold: LATE_MS,
    periods: 3,
    missingData: "normal",
    description:
      "A shard is blocked: the last record that the consumer received is ten minutes old. Repair the sink that its log names.",
  },
});

export function streamAlarms({ settings, stream }: MonitoringProps): Alarms {
  const StreamName = settings.name;
  const kinesis = (name: string, statistic = "Sum") => metric("AWS/Kinesis", name, { StreamName }, { statistic });
  return {
    IteratorAge: {
      metric: kinesis("GetRecords.IteratorAgeMilliseconds", "Maximum"),
      threshold: (RETENTION_H / 2) * HOUR_MS,
      missingData: "normal",
      description:
        "The consumer is behind by half of the stream's retention. At the full retention records are lost. Repair the sink now.",
    },
    LateRecords: {
      metric: kinesis("GetRecords.IteratorAgeMilliseconds", "Maximum"),
      threshold: LATE_MS,
      periods: 3,
      // every read emits the metric, also a read of an empty shard: no data means that no consumer reads
      missingData: "breaching",
      description:
        "The consumer is ten minutes behind or does not read. A sink is down, the consumer stopped, or the stream has too few shards.",
    },
    WriteThrottles: {
      metric: kinesis("WriteProvisionedThroughputExceeded"),
      threshold: 0,
      periods: 3,
      missingData: "normal",
      description: "Kinesis throttles producers. They retry. Add shards, or raise maxShards.",
    },
    ReadThrottles: {
      metric: kinesis("ReadProvisionedThroughputExceeded"),
      threshold: 0,
      periods: 3,
      missingData: "normal",
      description:
        "Kinesis throttles readers: a shard is read more than five times a second. Look for another consumer.",
    },
    FailedPuts: {
      metric: kinesis("PutRecords.FailedRecords"),
      threshold: 0,
      periods: 3,
      missingData: "normal",
      description: "Kinesis refused some records. Producers put them again. If this lasts, raise maxShards.",
    },
    ...failureAlarm("Stream", stream.failures.queueName),
    ...(stream.consumer === undefined ? {} : consumerAlarms(settings.name, stream.consumer.functionName)),
    ...(stream.scaler === undefined ? {} : functionAlarms("Scaler", stream.scaler.functionName)),
    ...(stream.poller === undefined ? {} : functionAlarms("Poller", stream.poller.functionName)),
    ...(stream.job === undefined ? {} : jobAlarms(stream.job)),
  };
}

const jobAlarms = (JobName: string): Alarms => ({
  ConsumerLag: {
    metric: metric(
      "Glue",
      "glue.driver.streaming.maxConsumerLagInMs",
      { JobName, JobRunId: "ALL", Type: "gauge" },
      { statistic: "Maximum" },
    ),
    threshold: LATE_MS,
    periods: 3,
    // the job's reader need not emit the metric. LateRecords notices a job that stopped
    missingData: "normal",
    description: "The Glue job is ten minutes behind. Check its runs, and add workers.",
  },
});

/** Alarms on the metrics that the functions emit. */
export function flowAlarms({ settings, stream }: MonitoringProps): Alarms {
  const flowMetric = (name: string, Flow: string, options = {}) =>
    metric("Flightline", name, { Deployment: settings.name, Flow }, options);
  const alarms: Alarms = {};
  for (const flow of ["request", "stream"] as const) {
    const Name = flow === "request" ? "Request" : "Stream";
    alarms[`${Name}Imbalance`] = {
      metric: flowMetric("imbalance", flow, { statistic: "Maximum", minutes: 60 }),
      threshold: 0,
      periods: 2,
      missingData: "breaching",
      description: `The ${flow} flow has missing or surplus rows, or the maintenance function does not count them. Run: flightline flows --verify`,
    };
    alarms[`${Name}Rejected`] = {
      metric: new MathExpression({
        expression: "IF(received > 0, rejected / received, 0)",
        usingMetrics: { received: flowMetric("received", flow), rejected: flowMetric("rejected", flow) },
        period: Duration.minutes(5),
        label: "share rejected",
      }),
      threshold: MAX_REJECTED_SHARE,
      periods: 3,
      missingData: "normal",
      description: `More than a fifth of the ${flow} flow's rows is rejected. GET /v1/rejections lists the reasons. A source may have changed its format.`,
    };
  }
  if (stream.poller !== undefined)
    alarms["Heartbeat"] = {
      metric: flowMetric("heartbeat", "stream"),
      threshold: 1,
      firesBelow: true,
      periods: 3,
      missingData: "breaching",
      description: "No rows were stored for a quarter of an hour although a source is polled. Read the poller's log.",
    };
  return alarms;
}
