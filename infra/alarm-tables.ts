import { Duration } from "aws-cdk-lib";
import { MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import { metric, type AlarmProps } from "./alarms.ts";
import type { FlowProps, RequestStack } from "./request-stack.ts";
import { RETENTION_H, type StreamStack } from "./stream-stack.ts";

export interface WatchProps extends FlowProps {
  request: RequestStack;
  stream: StreamStack;
}

const HOUR_MS = 3_600_000;
const SLOW_MS = 5_000;
const LATE_MS = 600_000;
const REJECTED_SHARE = 0.2;

export type Alarms = Record<string, AlarmProps>;
const API = "AWS/ApiGateway";

export function requestAlarms({ settings, data, request }: WatchProps): Alarms {
  const of = { ApiName: settings.name, Stage: "v1" };
  return {
    ServerErrors: {
      metric: metric(API, "5XXError", of),
      threshold: 0,
      silence: "good",
      means:
        "The API answered 5xx. Read the handler's log; 503 means that a store is away, and the sender tries again.",
    },
    SlowAnswers: {
      metric: metric(API, "Latency", of, { statistic: "p95" }),
      threshold: SLOW_MS,
      periods: 3,
      silence: "good",
      means: "Answers take long. Look at the size of bodies and at the handler's duration.",
    },
    DeadLetters: {
      metric: metric(
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        { QueueName: data.deadLetters.queueName },
        { statistic: "Maximum" },
      ),
      threshold: 0,
      silence: "good",
      means:
        "Files that could not be loaded lie in the dead-letter queue. Read the loader's log, mend, redrive the queue.",
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
    silence: "good",
    means: "A scheduled function failed and its event was given up; the next one does its work. Read its log.",
  },
});

const functionAlarms = (id: string, FunctionName: string): Alarms => ({
  [`${id}Errors`]: {
    metric: metric("AWS/Lambda", "Errors", { FunctionName }),
    threshold: 0,
    periods: 2,
    silence: "good",
    means: `${FunctionName} fails. Its log says why; nothing is lost, its input comes again.`,
  },
  [`${id}Throttles`]: {
    metric: metric("AWS/Lambda", "Throttles", { FunctionName }),
    threshold: 0,
    periods: 3,
    silence: "good",
    means: `${FunctionName} is throttled: the account's concurrency is used up.`,
  },
});

/** A batch that a sink did not take is no error of the function: it answers which records are to come again. */
const sinkAlarm = (Deployment: string, Flow: "request" | "stream"): Alarms => ({
  [Flow === "request" ? "LoadsFailed" : "BatchesFailed"]: {
    metric: metric("Flightline", "failed", { Deployment, Flow }),
    threshold: 0,
    periods: 3,
    silence: "good",
    means: `A sink of the ${Flow} flow takes nothing: bucket, DynamoDB or PostgreSQL. The log says which; what failed comes again.`,
  },
});

const consumerAlarms = (name: string, FunctionName: string): Alarms => ({
  ...functionAlarms("Consumer", FunctionName),
  ...sinkAlarm(name, "stream"),
  BlockedShard: {
    metric: metric("AWS/Lambda", "IteratorAge", { FunctionName }, { statistic: "Maximum" }),
    threshold: LATE_MS,
    periods: 3,
    silence: "good",
    means: "A shard waits: what the consumer got last is ten minutes old. Mend the sink that its log names.",
  },
});

export function streamAlarms({ settings, stream }: WatchProps): Alarms {
  const StreamName = settings.name;
  const of = (name: string, statistic = "Sum") => metric("AWS/Kinesis", name, { StreamName }, { statistic });
  return {
    IteratorAge: {
      metric: of("GetRecords.IteratorAgeMilliseconds", "Maximum"),
      threshold: (RETENTION_H / 2) * HOUR_MS,
      silence: "good",
      means:
        "The consumer is behind by half of the stream's retention; at the whole of it records are lost. Mend the sink.",
    },
    LateRecords: {
      metric: of("GetRecords.IteratorAgeMilliseconds", "Maximum"),
      threshold: LATE_MS,
      periods: 3,
      // whoever reads is counted by each read, also of an empty shard
      silence: "bad",
      means: "The consumer is ten minutes behind or reads no more: a sink is down, it stopped, or shards are too few.",
    },
    WriteThrottles: {
      metric: of("WriteProvisionedThroughputExceeded"),
      threshold: 0,
      periods: 3,
      silence: "good",
      means: "Producers are throttled; they try again. Add shards, or raise maxShards.",
    },
    ReadThrottles: {
      metric: of("ReadProvisionedThroughputExceeded"),
      threshold: 0,
      periods: 3,
      silence: "good",
      means: "Readers are throttled: more than five reads a second of one shard. Look for another consumer.",
    },
    FailedPuts: {
      metric: of("PutRecords.FailedRecords"),
      threshold: 0,
      periods: 3,
      silence: "good",
      means: "Some records were not taken; producers put them again.",
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
    // whether the job's reader tells it is the reader's choice; LateRecords hears a job that has stopped
    silence: "good",
    means: "The Glue job is ten minutes behind: look at its runs, add workers.",
  },
});

/** What the functions and the job themselves count. */
export function flowAlarms({ settings, stream }: WatchProps): Alarms {
  const of = (name: string, Flow: string, options = {}) =>
    metric("Flightline", name, { Deployment: settings.name, Flow }, options);
  const alarms: Alarms = {};
  for (const flow of ["request", "stream"] as const) {
    const Name = flow === "request" ? "Request" : "Stream";
    alarms[`${Name}Imbalance`] = {
      metric: of("imbalance", flow, { statistic: "Maximum", minutes: 60 }),
      threshold: 0,
      periods: 2,
      silence: "bad",
      means: `Rows of the ${flow} flow are missing or too many, or the maintenance function does not count: flightline flows --verify.`,
    };
    alarms[`${Name}Rejected`] = {
      metric: new MathExpression({
        expression: "IF(received > 0, rejected / received, 0)",
        usingMetrics: { received: of("received", flow), rejected: of("rejected", flow) },
        period: Duration.minutes(5),
        label: "share rejected",
      }),
      threshold: REJECTED_SHARE,
      periods: 3,
      silence: "good",
      means: `Much of the ${flow} flow is rejected: GET /v1/rejections says why; a source may have changed its format.`,
    };
  }
  if (stream.poller !== undefined)
    alarms["Heartbeat"] = {
      metric: of("heartbeat", "stream"),
      threshold: 1,
      below: true,
      periods: 3,
      silence: "bad",
      means: "Nothing was stored for a quarter of an hour though a source is polled: look at the poller's log.",
    };
  return alarms;
}
