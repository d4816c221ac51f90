import { CfnResource, RemovalPolicy, type App } from "aws-cdk-lib";
import { CfnPolicy, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { CfnQueuePolicy } from "aws-cdk-lib/aws-sqs";
import { afterAll, expect, test } from "vitest";
import { judge } from "./gate.ts";

/** An L1 construct's properties, to be damaged. */
type Damaged = CfnResource & Record<string, unknown>;

/** The resource of a type whose path contains the words. */
function find(app: App, type: string, path: string): Damaged {
  const found = app.node
    .findAll()
    .find((one) => CfnResource.isCfnResource(one) && one.cfnResourceType === type && one.node.path.includes(path));
  if (found === undefined) throw new Error(`there is no ${type} at ${path}`);
  return found as Damaged;
}
const set =
  (type: string, path: string, values: Record<string, unknown>) =>
  (app: App): void =>
    void Object.assign(find(app, type, path), values);

/** Adds a statement to the handler's role. */
const permit = (statement: object) => (app: App) => {
  const role = find(app, "AWS::IAM::Role", "request/HandlerRole");
  const PolicyDocument = { Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] };
  role["policies"] = [...(role["policies"] as object[]), { policyName: "more", policyDocument: PolicyDocument }];
};
const OBJECT = "arn:aws:s3:::bucket/raw/one";

/** A policy for everybody. */
const anybody = (Action: string, Resource: string | undefined) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action, ...(Resource === undefined ? {} : { Resource }) }],
});

/** Adds an environment variable to the handler. */
const tell = (variables: Record<string, string>) => (app: App) => {
  find(app, "AWS::Lambda::Function", "request/Handler")["environment"] = { variables };
};

interface Fault {
  fault: string;
  /** Settings of a deployment that has what is damaged. */
  given?: Record<string, unknown>;
  change(app: App): void;
  /** What must catch it, as its name begins or contains. */
  by: string;
}

const faults: Fault[] = [
  {
    fault: "dead-letter queue dropped",
    change: set("AWS::SQS::Queue", "Arrivals", { redrivePolicy: undefined }),
    by: "AwsSolutions-SQS3",
  },
  {
    fault: "stream unencrypted",
    change: set("AWS::Kinesis::Stream", "Stream", { streamEncryption: undefined }),
    by: "AwsSolutions-KDS1",
  },
  { fault: "action s3:*", change: permit({ Action: "s3:*", Resource: OBJECT }), by: "AwsSolutions-IAM5" },
  { fault: "resource *", change: permit({ Action: "s3:GetObject", Resource: "*" }), by: "wildcard beyond the list" },
  {
    fault: "bucket open to the public",
    change: set("AWS::S3::Bucket", "data/Bucket", { publicAccessBlockConfiguration: undefined }),
    by: "bucket open to the public",
  },
  {
    fault: "TLS-only policy dropped",
    change: set("AWS::S3::BucketPolicy", "data/Bucket", { policyDocument: { Version: "2012-10-17", Statement: [] } }),
    by: "AwsSolutions-S10",
  },
  {
    fault: "destination of failures dropped",
    change: set("AWS::Lambda::EventSourceMapping", "stream/Records", { destinationConfig: undefined }),
    by: "Serverless-LambdaEventSourceMappingDestination",
  },
  {
    fault: "loader's timeout beyond the queue's visibility",
    change: set("AWS::SQS::Queue", "Arrivals", { visibilityTimeout: 600 }),
    by: "timeout beyond the queue's visibility",
  },
  {
    fault: "alarm without StreamName",
    change: set("AWS::CloudWatch::Alarm", "IteratorAge", { dimensions: [] }),
    by: "alarm on Kinesis without StreamName",
  },
  {
    fault: "alarm without an action",
    change: set("AWS::CloudWatch::Alarm", "DeadLetters", { alarmActions: [] }),
    by: "alarm without an action",
  },
  {
    fault: "alarm without a missing-data policy",
    change: set("AWS::CloudWatch::Alarm", "LateRecords", { treatMissingData: undefined }),
    by: "alarm without a missing-data policy",
  },
  {
    fault: "bucket without KMS",
    change: set("AWS::S3::Bucket", "data/Bucket", {
      bucketEncryption: undefined,
      notificationConfiguration: undefined,
    }),
    by: "bucket without KMS",
  },
  {
    fault: "secret in an environment variable",
    change: tell({ DATABASE_PASSWORD: "Ref-hunter2" }),
    by: "secret in an environment variable",
  },
  {
    fault: "password in the database's URL",
    change: tell({ FLIGHTLINE_POSTGRES: "postgres://flightline:hunter2@db:5432/flightline" }),
    by: "secret in an environment variable",
  },
  {
    fault: "finite retry on the stream",
    change: set("AWS::Lambda::EventSourceMapping", "stream/Records", { maximumRetryAttempts: 3 }),
    by: "finite retry on the stream",
  },
  {
    fault: "retry and parallelisation swapped",
    change: set("AWS::Lambda::EventSourceMapping", "stream/Records", {
      maximumRetryAttempts: 1,
      parallelizationFactor: -1,
    }),
    by: "F3034",
  },
  {
    fault: "two policies on one queue",
    change: (app) => {
      const policy = find(app, "AWS::SQS::QueuePolicy", "data/Arrivals");
      const { policyDocument, queues } = policy as unknown as CfnQueuePolicy;
      new CfnQueuePolicy(policy.stack, "Another", { policyDocument, queues });
    },
    by: "two policies on one queue",
  },
  {
    fault: "limits of the API dropped",
    change: set("AWS::ApiGateway::Stage", "Api", { methodSettings: undefined }),
    by: "API without limits",
  },
  {
    fault: "limits of the usage plan dropped",
    given: { auth: "apiKey" },
    change: set("AWS::ApiGateway::UsagePlan", "Api", { throttle: undefined }),
    by: "usage plan without limits",
  },
  {
    fault: "point-in-time recovery off",
    change: set("AWS::DynamoDB::Table", "Tablestates", { pointInTimeRecoverySpecification: undefined }),
    by: "table without point-in-time recovery",
  },
  {
    fault: "table under AWS's key",
    change: set("AWS::DynamoDB::Table", "Tablestates", { sseSpecification: { sseEnabled: true } }),
    by: "table without a key of ours",
  },
  {
    fault: "plain connections to PostgreSQL",
    given: { database: "postgres" },
    change: set("AWS::RDS::DBClusterParameterGroup", "Parameters", { parameters: { "rds.force_ssl": "0" } }),
    by: "database that takes plain connections",
  },
  {
    fault: "door records that expire with the bodies",
    change: (app) => {
      const rule = { prefix: "raw/", status: "Enabled", expirationInDays: 30 };
      find(app, "AWS::S3::Bucket", "data/Bucket")["lifecycleConfiguration"] = { rules: [rule] };
    },
    by: "door records that expire",
  },
  {
    fault: "a role that gets objects and may not list",
    change: (app) => {
      const role = find(app, "AWS::IAM::Role", "stream/ConsumerRole");
      const Statement = [{ Effect: "Allow", Action: "s3:GetObject", Resource: OBJECT }];
      role["policies"] = [{ policyName: "own", policyDocument: { Version: "2012-10-17", Statement } }];
    },
    by: "objects got without listing",
  },
  {
    fault: "method open to anybody",
    change: set("AWS::ApiGateway::Method", "Default/states/POST", { authorizationType: "NONE" }),
    by: "method open to anybody",
  },
  {
    fault: "key not asked for",
    given: { auth: "apiKey" },
    change: set("AWS::ApiGateway::Method", "Default/states/POST", { apiKeyRequired: false }),
    by: "method open to anybody",
  },
  {
    fault: "a policy beside its role",
    change: (app) => {
      const role = find(app, "AWS::IAM::Role", "request/HandlerRole");
      const statements = [new PolicyStatement({ actions: ["dynamodb:DeleteTable"], resources: ["*"] })];
      new CfnPolicy(role.stack, "More", {
        policyName: "more",
        policyDocument: new PolicyDocument({ statements }),
        roles: [role.ref],
      });
    },
    by: "wildcard beyond the list",
  },
  {
    fault: "a role that anybody may take",
    change: set("AWS::IAM::Role", "request/HandlerRole", {
      assumeRolePolicyDocument: anybody("sts:AssumeRole", undefined),
    }),
    by: "role that anybody may take",
  },
  {
    fault: "a key that anybody may use",
    change: set("AWS::KMS::Key", "data/Key", { keyPolicy: anybody("kms:*", "*") }),
    by: "key that anybody may use",
  },
  {
    fault: "a bucket policy that allows anybody",
    change: set("AWS::S3::BucketPolicy", "data/Bucket", {
      policyDocument: anybody("s3:GetObject", "arn:aws:s3:::b/*"),
    }),
    by: "bucket policy that allows anybody",
  },
  {
    fault: "alarms that may not publish",
    change: set("AWS::SNS::TopicPolicy", "watch/Alarms", { policyDocument: { Version: "2012-10-17", Statement: [] } }),
    by: "topic that alarms may not publish to",
  },
  {
    fault: "alarm switched off",
    change: set("AWS::CloudWatch::Alarm", "IteratorAge", { actionsEnabled: false }),
    by: "alarm without an action",
  },
  {
    fault: "alarm on another stream",
    change: set("AWS::CloudWatch::Alarm", "IteratorAge", { dimensions: [{ name: "StreamName", value: "flights" }] }),
    by: "alarm on a stream that is not there",
  },
  {
    fault: "alarm on a metric that is not there",
    change: set("AWS::CloudWatch::Alarm", "IteratorAge", { metricName: "IteratorAge" }),
    by: "alarm on a metric that nobody emits",
  },
  {
    fault: "bucket that goes with its stack",
    change: (app) => find(app, "AWS::S3::Bucket", "data/Bucket").applyRemovalPolicy(RemovalPolicy.DESTROY),
    by: "bucket that goes with its stack",
  },
  {
    fault: "bucket that tells nobody",
    change: set("AWS::S3::Bucket", "data/Bucket", { notificationConfiguration: undefined }),
    by: "bucket that tells nobody",
  },
  {
    fault: "messages given up at once",
    change: (app) => {
      const queue = find(app, "AWS::SQS::Queue", "data/Arrivals");
      queue["redrivePolicy"] = { ...(queue["redrivePolicy"] as object), maxReceiveCount: 1 };
    },
    by: "messages given up too soon",
  },
  {
    fault: "a consumer that begins at the end",
    change: set("AWS::Lambda::EventSourceMapping", "stream/Records", { startingPosition: "LATEST" }),
    by: "records that are passed over",
  },
  {
    fault: "a consumer that is switched off",
    change: set("AWS::Lambda::EventSourceMapping", "stream/Records", { enabled: false }),
    by: "records that are passed over",
  },
  {
    fault: "stream under AWS's key",
    change: set("AWS::Kinesis::Stream", "Stream", {
      streamEncryption: { encryptionType: "KMS", keyId: "alias/aws/kinesis" },
    }),
    by: "stream without a key of ours",
  },
  {
    fault: "records kept for a day",
    change: set("AWS::Kinesis::Stream", "Stream", { retentionPeriodHours: 24 }),
    by: "records that expire before a sink is mended",
  },
  {
    fault: "a hundred large workers",
    given: { engine: "glue" },
    change: set("AWS::Glue::Job", "Job", { workerType: "G.8X", numberOfWorkers: 100 }),
    by: "Glue workers that cost more than they do",
  },
  {
    fault: "log group without retention",
    change: set("AWS::Logs::LogGroup", "HandlerLogs", { retentionInDays: undefined }),
    by: "log group without retention",
  },
  {
    fault: "log group not encrypted",
    change: set("AWS::Logs::LogGroup", "HandlerLogs", { kmsKeyId: undefined }),
    by: "log group not encrypted",
  },
  {
    fault: "Glue workers unset",
    given: { engine: "glue" },
    change: set("AWS::Glue::Job", "Job", { numberOfWorkers: undefined, workerType: undefined }),
    by: "Glue workers unset",
  },
  {
    fault: "Glue version unset",
    given: { engine: "glue" },
    change: set("AWS::Glue::Job", "Job", { glueVersion: undefined }),
    by: "Glue version unset",
  },
  {
    fault: "log encryption of Glue dropped",
    given: { engine: "glue" },
    change: set("AWS::Glue::SecurityConfiguration", "JobSecurity", { encryptionConfiguration: {} }),
    by: "Glue logs not encrypted",
  },
];

const table: string[] = [];
afterAll(() => console.log(["fault | caught by", "--- | ---", ...table].join("\n")));

test.each(faults)("$fault is caught", ({ fault, given = {}, change, by }) => {
  const { caught } = judge(given, change);
  table.push(`${fault} | ${caught.map((rule) => rule.replace(/^.*::(?=[A-Z])(?![^[]*\])/, "")).join(", ")}`);
  expect(caught.filter((rule) => rule.includes(by))).not.toEqual([]);
});

test.each(["lambda", "glue"])("nothing is caught where nothing is damaged, with %s", (engine) => {
  expect(judge({ engine }).caught).toEqual([]);
});
