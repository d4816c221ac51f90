import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { LambdaAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import { Key } from "aws-cdk-lib/aws-kms";
import { CfnEventSourceMapping, type Function as Lambda } from "aws-cdk-lib/aws-lambda";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { settingsEnvironment } from "../src/settings.ts";
import { addAlarm, metric } from "./alarms.ts";
import type { DataStack } from "./data-stack.ts";
import { failureQueue } from "./failures.ts";
import { lambdaFunction } from "./function.ts";
import { glueJob } from "./glue-job.ts";
import { allow, dynamo, listing, objects, streamReading } from "./permissions.ts";
import type { FlowProps } from "./request-stack.ts";
import type { Settings } from "./settings.ts";

/** Seven days: long enough to repair a sink over a long weekend before records expire unread. */
export const RETENTION_H = 168;
const RECORDS_PER_BATCH = 500;
const BATCH_WINDOW_S = 1;

/** Flow 2: the stream, its consumer (a function or a Glue job), and optionally a poller and a scaler. */
export class StreamStack extends Stack {
  readonly stream: Stream;
  readonly consumer: Lambda | undefined;
  /** The name of the Glue job. */
  readonly job: string | undefined;
  readonly poller: Lambda | undefined;
  readonly scaler: Lambda | undefined;
  readonly failures: Queue;

  constructor(scope: Construct, id: string, props: FlowProps) {
    super(scope, id);
    const { settings } = props;
    this.failures = failureQueue(this);
    const key = new Key(this, "StreamKey", {
      enableKeyRotation: true,
      alias: `${settings.name}-stream`,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.stream = new Stream(this, "Stream", {
      streamName: settings.name,
      encryption: StreamEncryption.KMS,
      encryptionKey: key,
      retentionPeriod: Duration.hours(RETENTION_H),
      ...(settings.stream === "on-demand"
        ? { streamMode: StreamMode.ON_DEMAND }
        : { streamMode: StreamMode.PROVISIONED, shardCount: settings.stream.shards }),
    });
    if (settings.engine === "lambda") this.consumer = consumer(this, props, key);
    else this.job = glueJob(this, { ...props, stream: this.stream, streamKey: key });
    if (settings.stream !== "on-demand") this.scaler = scaler(this, props, settings.stream);
    if (settings.poller !== null) this.poller = poller(this, props, key);
    new CfnOutput(this, "StreamName", { value: this.stream.streamName });
    new CfnOutput(this, "StreamArn", { value: this.stream.streamArn });
  }
}

function consumer(stack: StreamStack, props: FlowProps, key: Key): Lambda {
  const { settings, data, database } = props;
  const { stream, failures } = stack;
  const lambda = lambdaFunction(stack, "Consumer", {
    ...props,
    entry: "consumer",
    environment: settingsEnvironment({ stream: `kinesis:${settings.name}` }),
    access: database?.access(),
    timeout_s: 120,
    memory_mb: 1_024,
    statements: [
      ...streamReading(stream.streamArn, key),
      allow(["sqs:SendMessage"], [failures.queueArn]),
      ...objects(data, ["rejected", "lake", "manifests"], ["s3:PutObject", "s3:GetObject"]),
      listing(data, ["rejected", "lake", "manifests"]),
      ...dynamo(data, settings, "write"),
    ],
  });
  // Invariant: retries are unlimited. The code quarantines broken records, so a batch fails only while a sink is down,
  // and a limit would lose data
  new CfnEventSourceMapping(stack, "Records", {
    functionName: lambda.functionArn,
    eventSourceArn: stream.streamArn,
    startingPosition: "TRIM_HORIZON",
    batchSize: RECORDS_PER_BATCH,
    maximumBatchingWindowInSeconds: BATCH_WINDOW_S,
    parallelizationFactor: 1,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
    bisectBatchOnFunctionError: false,
    functionResponseTypes: ["ReportBatchItemFailures"],
    destinationConfig: { onFailure: { destination: failures.queueArn } },
  });
  return lambda;
}

const SCALING_INTERVAL_MIN = 5;

/**
 * The function that scales the shards. An alarm invokes it as soon as the stream throttles. A schedule invokes it for all
 * other changes, because alarms on the use of shards would need thresholds that follow their number.
 */
function scaler(
  stack: StreamStack,
  { settings, data }: FlowProps,
  { shards, maxShards }: { shards: number; maxShards: number },
): Lambda {
  const actions = ["UpdateShardCount", "DescribeStreamSummary", "ListTagsForStream", "AddTagsToStream"];
  const lambda = lambdaFunction(stack, "Scaler", {
    settings,
    data,
    entry: "scaler",
    environment: settingsEnvironment({
      stream: `kinesis:${settings.name}`,
      shards: String(shards),
      max_shards: String(maxShards),
    }),
    timeout_s: 60,
    statements: [
      allow(
        actions.map((action) => `kinesis:${action}`),
        [stack.stream.streamArn],
      ),
      allow(["cloudwatch:GetMetricData"], ["*"]),
    ],
  });
  new Rule(stack, "Scaling", {
    schedule: Schedule.rate(Duration.minutes(SCALING_INTERVAL_MIN)),
    targets: [new LambdaFunction(lambda, { deadLetterQueue: stack.failures, retryAttempts: 0 })],
  });
  addAlarm(stack, "Throttled", {
    metric: metric("AWS/Kinesis", "WriteProvisionedThroughputExceeded", { StreamName: settings.name }, { minutes: 1 }),
    threshold: 0,
    missingData: "normal",
    description: "Kinesis throttles producers. The alarm invokes the function that adds shards. No action required.",
    action: new LambdaAction(lambda),
  });
  return lambda;
}

/** The time between two requests to a source. At this rate a standard OpenSky account's daily credits last for a day. */
const intervals: Record<NonNullable<Settings["poller"]>, Duration> = {
  opensky: Duration.minutes(2),
  adsblol: Duration.minutes(1),
};

/** The setting with the area of each source. */
const AREAS = { opensky: "opensky_box", adsblol: "adsblol_point" } as const;

function poller(stack: StreamStack, { settings, data }: { settings: Settings; data: DataStack }, key: Key): Lambda {
  const source = settings.poller ?? "adsblol";
  const secret =
    source === "opensky"
      ? new Secret(stack, "OpenSky", {
          description: 'OpenSky API client: {"clientId","clientSecret"}; fill it after the first deployment',
          encryptionKey: data.key,
          // empty until the operator fills it: the poller requests OpenSky anonymously until then
          generateSecretString: {
            secretStringTemplate: JSON.stringify({ clientId: "", clientSecret: "" }),
            generateStringKey: "unused",
          },
        })
      : undefined;
  const lambda = lambdaFunction(stack, "Poller", {
    settings,
    data,
    entry: "poller",
    environment: settingsEnvironment({
      stream: `kinesis:${settings.name}`,
      poller: source,
      opensky_secret: secret?.secretArn,
      [AREAS[source]]: settings.area ?? undefined,
    }),
    timeout_s: 60,
    statements: [
      allow(["kinesis:PutRecords"], [stack.stream.streamArn]),
      allow(["kms:GenerateDataKey"], [key.keyArn]),
      ...(secret === undefined
        ? []
        : [allow(["secretsmanager:GetSecretValue"], [secret.secretArn]), allow(["kms:Decrypt"], [data.key.keyArn])]),
    ],
  });
  new Rule(stack, "Polls", {
    schedule: Schedule.rate(intervals[source]),
    targets: [new LambdaFunction(lambda, { deadLetterQueue: stack.failures, retryAttempts: 0 })],
  });
  return lambda;
}
