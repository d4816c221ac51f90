import { PREFIXES } from "../src/flow/objects/keys.ts";
import {
  allowsAnybody,
  dimensions,
  environmentOf,
  hasLimits,
  isEmitted,
  isKept,
  isNamed,
  isStreamMapping,
  lifecycleOf,
  list,
  literalOf,
  members,
  metricsOf,
  PASSWORD,
  permits,
  reaches,
  retentions,
  type Rule,
  SECRET,
  sseOf,
  statementsIn,
  takesAccessLogs,
  texts,
} from "./template.ts";

/** What no tool checks, by the type of resource; a rule says what is right. */
export const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  "AWS::CloudWatch::Alarm": {
    "alarm without dimensions": (of) => metricsOf(of).every((metric) => dimensions(metric).length > 0),
    "alarm on Kinesis without StreamName": (of) =>
      metricsOf(of).every((one) => one["Namespace"] !== "AWS/Kinesis" || dimensions(one).includes("StreamName")),
    "alarm on a metric that nobody emits": (of) => metricsOf(of).every(isEmitted),
    "alarm without an action": (of) => list(of["AlarmActions"]).length > 0 && of["ActionsEnabled"] !== false,
    "alarm without a missing-data policy": (of) => of["TreatMissingData"] !== undefined,
    "alarm that does not say what to do": (of) => JSON.stringify(of["AlarmDescription"] ?? "").length > 20,
  },
  "AWS::S3::BucketPolicy": { "bucket policy that allows anybody": (of) => !allowsAnybody(of["PolicyDocument"]) },
  "AWS::KMS::Key": {
    "key that anybody may use": (of) => !allowsAnybody(of["KeyPolicy"]),
    "key without rotation": (of) => of["EnableKeyRotation"] === true,
  },
  "AWS::SNS::TopicPolicy": {
    "topic that alarms may not publish to": (of) =>
      statementsIn(of["PolicyDocument"]).some(
        ({ Effect, Principal, Action }) =>
          Effect === "Allow" &&
          texts(members(Principal)["Service"]).includes("cloudwatch.amazonaws.com") &&
          texts(Action).includes("sns:Publish"),
      ),
    "topic that takes plain connections": (of) =>
      statementsIn(of["PolicyDocument"]).some(({ Effect }) => Effect === "Deny"),
  },
  "AWS::SQS::Queue": {
    "messages given up too soon": (of) =>
      of["RedrivePolicy"] === undefined || Number(members(of["RedrivePolicy"])["maxReceiveCount"]) >= 5,
  },
  "AWS::Kinesis::Stream": {
    "stream without a key of ours": (of) => typeof members(of["StreamEncryption"])["KeyId"] === "object",
    "records that expire before a sink is mended": (of) => Number(of["RetentionPeriodHours"]) >= 168,
  },
  "AWS::S3::Bucket": {
    "bucket that goes with its stack": (_, all, name) => isKept(all, name),
    "bucket that tells nobody": (of, all, name) =>
      takesAccessLogs(all, name) || of["NotificationConfiguration"] !== undefined,
    // S3 delivers access logs to no bucket with a key of ours
    "bucket without KMS": (of, all, name) =>
      sseOf(of)["SSEAlgorithm"] === (takesAccessLogs(all, name) ? "AES256" : "aws:kms"),
    "bucket open to the public": (of) => {
      const blocked = Object.values(members(of["PublicAccessBlockConfiguration"]));
      return blocked.length === 4 && blocked.every((one) => one === true);
    },
    "bucket without expiry": (of) => lifecycleOf(of).length > 0,
    "receipts that expire": (of, all, name) =>
      takesAccessLogs(all, name) ||
      lifecycleOf(of).every((one) => one["ExpirationInDays"] === undefined || !reaches(one["Prefix"], PREFIXES.raw)),
  },
  "AWS::DynamoDB::Table": {
    "table that goes with its stack": (_, all, name) => isKept(all, name),
    "table without a key of ours": (of) => members(of["SSESpecification"])["KMSMasterKeyId"] !== undefined,
    "table without point-in-time recovery": (of) =>
      members(of["PointInTimeRecoverySpecification"])["PointInTimeRecoveryEnabled"] === true,
    "table without deletion protection": (of) => of["DeletionProtectionEnabled"] === true,
  },
  "AWS::RDS::DBClusterParameterGroup": {
    "database that takes plain connections": (of) => members(of["Parameters"])["rds.force_ssl"] === "1",
  },
  "AWS::RDS::DBCluster": {
    "database without a key of ours": (of) => of["StorageEncrypted"] === true && of["KmsKeyId"] !== undefined,
    "database that goes with its stack": (_, all, name) => isKept(all, name),
    "database without parameters of ours": (of) => of["DBClusterParameterGroupName"] !== undefined,
  },
  "AWS::Lambda::Function": {
    "secret in an environment variable": (of) =>
      environmentOf(of).every(
        ([name, value]) =>
          !PASSWORD.test(literalOf(value)) &&
          (!SECRET.test(name) || (typeof value !== "string" && !("Fn::Sub" in members(value)))),
      ),
    "function on another runtime": (of) => of["Runtime"] === "nodejs24.x" && list(of["Architectures"])[0] === "arm64",
  },
  "AWS::Lambda::EventSourceMapping": {
    "finite retry on the stream": (of) =>
      !isStreamMapping(of) || (of["MaximumRetryAttempts"] === -1 && of["MaximumRecordAgeInSeconds"] === -1),
    "parallelisation out of range": (of) =>
      !isStreamMapping(of) || (Number(of["ParallelizationFactor"]) >= 1 && Number(of["ParallelizationFactor"]) <= 10),
    "records that are passed over": (of) =>
      of["FilterCriteria"] === undefined &&
      of["Enabled"] !== false &&
      (!isStreamMapping(of) || of["StartingPosition"] === "TRIM_HORIZON"),
    "bisecting on the stream": (of) => of["BisectBatchOnFunctionError"] !== true,
    "no partial failures": (of) => list(of["FunctionResponseTypes"]).includes("ReportBatchItemFailures"),
  },
  "AWS::SQS::QueuePolicy": {
    "two policies on one queue": (of, all) => {
      const queues = (one: unknown) => list(one).map((queue) => JSON.stringify(queue));
      const policies = Object.values(all).filter(({ Type }) => Type === "AWS::SQS::QueuePolicy");
      return queues(of["Queues"]).every(
        (queue) => policies.filter(({ Properties = {} }) => queues(Properties["Queues"]).includes(queue)).length === 1,
      );
    },
  },
  "AWS::IAM::Role": {
    "wildcard beyond the list": isNamed,
    "role that anybody may take": (of) => !allowsAnybody(of["AssumeRolePolicyDocument"]),
    // who may not list is told 403 of a missing object, which is no answer
    "objects got without listing": (of) => !permits(of, "s3:GetObject") || permits(of, "s3:ListBucket"),
  },
  "AWS::IAM::Policy": { "wildcard beyond the list": isNamed },
  "AWS::ApiGateway::Method": {
    "method open to anybody": (of) => of["AuthorizationType"] === "AWS_IAM" || of["ApiKeyRequired"] === true,
  },
  "AWS::ApiGateway::Stage": {
    "API without limits": (of) =>
      list(of["MethodSettings"]).some((one) =>
        hasLimits(members(one), ["ThrottlingRateLimit", "ThrottlingBurstLimit"]),
      ),
  },
  "AWS::ApiGateway::UsagePlan": {
    "usage plan without limits": (of) =>
      hasLimits(members(of["Throttle"]), ["RateLimit", "BurstLimit"]) && hasLimits(members(of["Quota"]), ["Limit"]),
  },
  "AWS::Glue::Job": {
    "Glue version unset": (of) => of["GlueVersion"] !== undefined,
    "Glue workers unset": (of) => hasLimits(of, ["WorkerType", "NumberOfWorkers"]),
    "Glue workers that cost more than they do": (of) =>
      of["WorkerType"] === "G.025X" && Number(of["NumberOfWorkers"]) <= 20,
    "Glue job without a maintenance window": (of) => of["MaintenanceWindow"] !== undefined,
    "Glue job without security configuration": (of) => of["SecurityConfiguration"] !== undefined,
  },
  "AWS::Glue::SecurityConfiguration": {
    "Glue logs not encrypted": (of) =>
      JSON.stringify(members(of["EncryptionConfiguration"])["CloudWatchEncryption"] ?? "").includes("SSE-KMS"),
    "Glue objects not encrypted": (of) =>
      JSON.stringify(members(of["EncryptionConfiguration"])["S3Encryptions"] ?? "").includes("SSE-KMS"),
  },
  "AWS::Logs::LogGroup": {
    "log group without retention": (of) => retentions.includes(Number(of["RetentionInDays"])),
    "log group not encrypted": (of) => of["KmsKeyId"] !== undefined,
  },
};
