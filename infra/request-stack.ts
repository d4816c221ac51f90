import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { CfnEventSourceMapping, type Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { PREFIXES, RAW_BODY_SUFFIX, type ObjectFamily } from "../src/flow/objects/keys.ts";
import { LOADER_TIMEOUT_S, type DataStack } from "./data-stack.ts";
import type { DatabaseStack } from "./database-stack.ts";
import { failureQueue } from "./failures.ts";
import { firewall } from "./firewall.ts";
import { lambdaFunction } from "./function.ts";
import { allow, dynamo, listing, objects } from "./permissions.ts";
import { restApi } from "./rest-api.ts";
import type { Settings } from "./settings.ts";

export interface FlowProps {
  settings: Settings;
  data: DataStack;
  database: DatabaseStack | undefined;
}

/** Concurrent loaders. Each uses one connection to the database. */
const MAX_LOADERS = 5;
/** Objects that the functions list: raw, clean and manifests for counts and the sweep, rejected for `GET /v1/rejections`. */
const LISTED: readonly ObjectFamily[] = ["raw", "clean", "rejected", "manifests"];
/** Enough for an inflated body of 64 MiB, its rows, and the objects written from them. */
const MEMORY_MB = 1_024;
/** Lambda gives a function one whole vCPU at this size. */
const LOADER_MEMORY_MB = 1_792;

/** Flow 1: the REST API, its handler, the loader that reads the queue, and the maintenance function. */
export class RequestStack extends Stack {
  readonly api: RestApi;
  readonly handler: Lambda;
  readonly loader: Lambda;
  readonly maintenance: Lambda;
  readonly failures: Queue;

  constructor(scope: Construct, id: string, props: FlowProps) {
    super(scope, id);
    this.failures = failureQueue(this);
    this.handler = apiHandler(this, props);
    this.api = restApi(this, props.settings, { data: props.data, handler: this.handler });
    if (props.settings.firewall) firewall(this, props.settings.name, this.api);
    this.loader = loader(this, props);
    this.maintenance = maintenance(this, props);
    new CfnOutput(this, "ApiId", { value: this.api.restApiId });
    new CfnOutput(this, "ApiUrl", { value: this.api.url });
  }
}

function apiHandler(stack: Stack, props: FlowProps): Lambda {
  const { settings, data } = props;
  return lambdaFunction(stack, "Handler", {
    ...props,
    entry: "api",
    access: props.database?.access(),
    timeout_s: 29,
    memory_mb: MEMORY_MB,
    statements: [
      ...objects(data, ["raw", "clean", "rejected"], ["s3:PutObject", "s3:GetObject"]),
      ...objects(data, ["manifests"], ["s3:GetObject"]),
      listing(data, LISTED),
      ...dynamo(data, settings, "read"),
    ],
  });
}

function loader(stack: Stack, props: FlowProps): Lambda {
  const { settings, data } = props;
  const lambda = lambdaFunction(stack, "Loader", {
    ...props,
    entry: "loader",
    access: props.database?.access(),
    timeout_s: LOADER_TIMEOUT_S,
    memory_mb: LOADER_MEMORY_MB,
    statements: [
      ...objects(data, ["raw", "clean", "rejected"], ["s3:GetObject"]),
      ...objects(data, ["manifests"], ["s3:PutObject", "s3:GetObject"]),
      listing(data, LISTED),
      allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [data.arrivals.queueArn]),
      ...dynamo(data, settings, "write"),
    ],
  });
  new CfnEventSourceMapping(stack, "Arrivals", {
    functionName: lambda.functionArn,
    eventSourceArn: data.arrivals.queueArn,
    batchSize: 1,
    functionResponseTypes: ["ReportBatchItemFailures"],
    scalingConfig: { maximumConcurrency: MAX_LOADERS },
  });
  return lambda;
}

function maintenance(stack: RequestStack, props: FlowProps): Lambda {
  const { settings, data } = props;
  const lambda = lambdaFunction(stack, "Maintenance", {
    ...props,
    entry: "maintenance",
    access: props.database?.access(),
    timeout_s: 900,
    memory_mb: MEMORY_MB,
    statements: [
      ...objects(data, ["raw", "clean", "rejected", "manifests"], ["s3:PutObject", "s3:GetObject"]),
      // only bodies: receipts are never deleted
      allow(["s3:DeleteObject"], [data.bucket.arnForObjects(`${PREFIXES.raw}*${RAW_BODY_SUFFIX}`)]),
      listing(data, LISTED),
      ...dynamo(data, settings, "write"),
    ],
  });
  new Rule(stack, "Hourly", {
    schedule: Schedule.rate(Duration.hours(1)),
    targets: [new LambdaFunction(lambda, { deadLetterQueue: stack.failures, retryAttempts: 2 })],
  });
  return lambda;
}
