import { settingsEnvironment } from "../src/settings.ts";
import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { LambdaAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import { Key } from "aws-cdk-lib/aws-kms";
import { CfnEventSourceMapping, type Function as Lambda } from "aws-cdk-lib/aws-lambda";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { alarm, metric } from "./alarms.ts";
import type { DataStack } from "./data-stack.ts";
import { failureQueue } from "./failures.ts";
import { lambdaFunction } from "./function.ts";
import { glueJob } from "./glue-job.ts";
import { allow, dynamo, listing, objects, streamReading } from "./permissions.ts";
import type { FlowProps } from "./request-stack.ts";
import type { Settings } from "./settings.ts";

/** Long enough to mend a sink over a long weekend before anything expires unread. */
export const RETENTION_H = 168;
const RECORDS = 500;
const WINDOW_S = 1;

/** Flow 2: the stream, what consumes it, and who fills it when a source is polled. */
export class StreamStack extends Stack {
  readonly stream: Stream;
  readonly consumer: Lambda | undefined;
  /** Name of the Glue job. */
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
  const made = lambdaFunction(stack, "Consumer", {
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
  // what fails here is a sink that is down: a finite limit would shed data, and poison is quarantined in the code
  new CfnEventSourceMapping(stack, "Records", {
    functionName: made.functionArn,
    eventSourceArn: stream.streamArn,
    startingPosition: "TRIM_HORIZON",
    batchSize: RECORDS,
    maximumBatchingWindowInSeconds: WINDOW_S,
    parallelizationFactor: 1,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
    bisectBatchOnFunctionError: false,
    functionResponseTypes: ["ReportBatchItemFailures"],
    destinationConfig: { onFailure: { destination: failures.queueArn } },
  });
  return made;
}

const SCALED_MIN = 5;

/**
 * Called by an alarm as soon as the stream throttles, and on a schedule for all else: thresholds of alarms on what is used
 * would have to follow the number of shards.
 */
function scaler(
  stack: StreamStack,
  { settings, data }: FlowProps,
  { shards, maxShards }: { shards: number; maxShards: number },
): Lambda {
  const of = ["UpdateShardCount", "DescribeStreamSummary", "ListTagsForStream", "AddTagsToStream"];
  const made = lambdaFunction(stack, "Scaler", {
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
        of.map((action) => `kinesis:${action}`),
        [stack.stream.streamArn],
      ),
      allow(["cloudwatch:GetMetricData"], ["*"]),
    ],
  });
  new Rule(stack, "Scaling", {
    schedule: Schedule.rate(Duration.minutes(SCALED_MIN)),
    targets: [new LambdaFunction(made, { deadLetterQueue: stack.failures, retryAttempts: 0 })],
  });
  alarm(stack, "Throttled", {
    metric: metric("AWS/Kinesis", "WriteProvisionedThroughputExceeded", { StreamName: settings.name }, { minutes: 1 }),
    threshold: 0,
    silence: "good",
    means: "Producers are throttled: it calls the function that adds shards. Nobody need do anything.",
    action: new LambdaAction(made),
  });
  return made;
}

/** How often a source is asked: OpenSky's credits of a standard account last a day at this rate. */
const intervals: Record<NonNullable<Settings["poller"]>, Duration> = {
  opensky: Duration.minutes(2),
  adsblol: Duration.minutes(1),
};

/** The setting that holds the area of each source. */
const AREAS = { opensky: "opensky_box", adsblol: "adsblol_point" } as const;

function poller(stack: StreamStack, { settings, data }: { settings: Settings; data: DataStack }, key: Key): Lambda {
  const source = settings.poller ?? "adsblol";
  const secret =
    source === "opensky"
      ? new Secret(stack, "OpenSky", {
          description: 'OpenSky API client: {"clientId","clientSecret"}; fill it after the first deployment',
          encryptionKey: data.key,
          // empty: OpenSky is asked anonymously until it is filled
          generateSecretString: {
            secretStringTemplate: JSON.stringify({ clientId: "", clientSecret: "" }),
            generateStringKey: "unused",
          },
        })
      : undefined;
  const made = lambdaFunction(stack, "Poller", {
    settings,
    data,
    entry: "poller",
    environment: settingsEnvironment({
      stream: `kinesis:${settings.name}`,
      poll: source,
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
    targets: [new LambdaFunction(made, { deadLetterQueue: stack.failures, retryAttempts: 0 })],
  });
  return made;
}
