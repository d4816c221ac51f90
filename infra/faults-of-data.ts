import { RemovalPolicy } from "aws-cdk-lib";
import { PREFIXES } from "../src/flow/objects/keys.ts";
import { findResource, setProperties, type Fault } from "./faults.ts";

/** Faults that lose data, keep it for too short or too long, cost too much, or stay unnoticed. */
export const faultsOfData: readonly Fault[] = [
  {
    fault: "queue without its dead-letter queue",
    damage: setProperties("AWS::SQS::Queue", "Arrivals", { redrivePolicy: undefined }),
    rule: "AwsSolutions-SQS3",
  },
  {
    fault: "event source without its failure destination",
    damage: setProperties("AWS::Lambda::EventSourceMapping", "stream/Records", { destinationConfig: undefined }),
    rule: "Serverless-LambdaEventSourceMappingDestination",
  },
  {
    fault: "loader timeout above the queue's visibility timeout",
    damage: setProperties("AWS::SQS::Queue", "Arrivals", { visibilityTimeout: 600 }),
    rule: "function timeout above the queue's visibility timeout",
  },
  {
    fault: "alarm without StreamName",
    damage: setProperties("AWS::CloudWatch::Alarm", "IteratorAge", { dimensions: [] }),
    rule: "Kinesis alarm without StreamName",
  },
  {
    fault: "alarm without an action",
    damage: setProperties("AWS::CloudWatch::Alarm", "DeadLetters", { alarmActions: [] }),
    rule: "alarm without an action",
  },
  {
    fault: "alarm without a missing-data policy",
    damage: setProperties("AWS::CloudWatch::Alarm", "LateRecords", { treatMissingData: undefined }),
    rule: "alarm without a missing-data policy",
  },
  {
    fault: "stream consumer with finite retries",
    damage: setProperties("AWS::Lambda::EventSourceMapping", "stream/Records", { maximumRetryAttempts: 3 }),
    rule: "stream consumer with finite retries",
  },
  {
    fault: "retry attempts and parallelization factor swapped",
    damage: setProperties("AWS::Lambda::EventSourceMapping", "stream/Records", {
      maximumRetryAttempts: 1,
      parallelizationFactor: -1,
    }),
    rule: "F3034",
  },
  {
    fault: "table without point-in-time recovery",
    damage: setProperties("AWS::DynamoDB::Table", "Tablestates", { pointInTimeRecoverySpecification: undefined }),
    rule: "table without point-in-time recovery",
  },
  {
    fault: "receipts that expire with their bodies",
    damage: (app) => {
      const rule = { prefix: PREFIXES.raw, status: "Enabled", expirationInDays: 30 };
      findResource(app, "AWS::S3::Bucket", "data/Bucket")["lifecycleConfiguration"] = { rules: [rule] };
    },
    rule: "lifecycle rule that deletes receipts",
  },
  {
    fault: "topic to which alarms cannot publish",
    damage: setProperties("AWS::SNS::TopicPolicy", "monitoring/Alarms", {
      policyDocument: { Version: "2012-10-17", Statement: [] },
    }),
    rule: "topic to which alarms cannot publish",
  },
  {
    fault: "alarm with disabled actions",
    damage: setProperties("AWS::CloudWatch::Alarm", "IteratorAge", { actionsEnabled: false }),
    rule: "alarm without an action",
  },
  {
    fault: "alarm on a stream of another deployment",
    damage: setProperties("AWS::CloudWatch::Alarm", "IteratorAge", {
      dimensions: [{ name: "StreamName", value: "flights" }],
    }),
    rule: "alarm on a missing stream",
  },
  {
    fault: "alarm on a metric that does not exist",
    damage: setProperties("AWS::CloudWatch::Alarm", "IteratorAge", { metricName: "IteratorAge" }),
    rule: "alarm on a metric that is not emitted",
  },
  {
    fault: "bucket deleted with its stack",
    damage: (app) => findResource(app, "AWS::S3::Bucket", "data/Bucket").applyRemovalPolicy(RemovalPolicy.DESTROY),
    rule: "bucket deleted with its stack",
  },
  {
    fault: "bucket without notifications",
    damage: setProperties("AWS::S3::Bucket", "data/Bucket", { notificationConfiguration: undefined }),
    rule: "bucket without notifications",
  },
  {
    fault: "messages dead-lettered after one attempt",
    damage: (app) => {
      const queue = findResource(app, "AWS::SQS::Queue", "data/Arrivals");
      queue["redrivePolicy"] = { ...(queue["redrivePolicy"] as object), maxReceiveCount: 1 };
    },
    rule: "queue that dead-letters messages after too few attempts",
  },
  {
    fault: "consumer that starts at the end of the stream",
    damage: setProperties("AWS::Lambda::EventSourceMapping", "stream/Records", { startingPosition: "LATEST" }),
    rule: "event source that skips records",
  },
  {
    fault: "disabled consumer",
    damage: setProperties("AWS::Lambda::EventSourceMapping", "stream/Records", { enabled: false }),
    rule: "event source that skips records",
  },
  {
    fault: "stream retention of one day",
    damage: setProperties("AWS::Kinesis::Stream", "Stream", { retentionPeriodHours: 24 }),
    rule: "stream retention below 7 days",
  },
  {
    fault: "a hundred large Glue workers",
    settings: { engine: "glue" },
    damage: setProperties("AWS::Glue::Job", "Job", { workerType: "G.8X", numberOfWorkers: 100 }),
    rule: "Glue workers too many or too large",
  },
  {
    fault: "log group without retention",
    damage: setProperties("AWS::Logs::LogGroup", "HandlerLogs", { retentionInDays: undefined }),
    rule: "log group without retention",
  },
  {
    fault: "Glue workers unset",
    settings: { engine: "glue" },
    damage: setProperties("AWS::Glue::Job", "Job", { numberOfWorkers: undefined, workerType: undefined }),
    rule: "Glue workers unset",
  },
  {
    fault: "Glue version unset",
    settings: { engine: "glue" },
    damage: setProperties("AWS::Glue::Job", "Job", { glueVersion: undefined }),
    rule: "Glue version unset",
  },
];
