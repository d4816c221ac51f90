import { PREFIXES } from "../src/flow/objects/keys.ts";
import { RemovalPolicy } from "aws-cdk-lib";
import { find, set, type Fault } from "./faults.ts";

/** What would lose data, keep it too short or too long, cost, or let nobody know. */
export const faultsOfData: readonly Fault[] = [
  {
    fault: "dead-letter queue dropped",
    change: set("AWS::SQS::Queue", "Arrivals", { redrivePolicy: undefined }),
    by: "AwsSolutions-SQS3",
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
    fault: "point-in-time recovery off",
    change: set("AWS::DynamoDB::Table", "Tablestates", { pointInTimeRecoverySpecification: undefined }),
    by: "table without point-in-time recovery",
  },
  {
    fault: "receipts that expire with the bodies",
    change: (app) => {
      const rule = { prefix: PREFIXES.raw, status: "Enabled", expirationInDays: 30 };
      find(app, "AWS::S3::Bucket", "data/Bucket")["lifecycleConfiguration"] = { rules: [rule] };
    },
    by: "receipts that expire",
  },
  {
    fault: "alarms that may not publish",
    change: set("AWS::SNS::TopicPolicy", "monitoring/Alarms", {
      policyDocument: { Version: "2012-10-17", Statement: [] },
    }),
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
];
