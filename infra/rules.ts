import { PREFIXES } from "../src/flow/objects/keys.ts";
import {
  allowsAction,
  allowsPublicAccess,
  appliesWithin,
  asList,
  asObject,
  asStrings,
  defaultEncryption,
  dimensions,
  environmentVariables,
  hasOnlyAllowedWildcards,
  hasProperties,
  isEmitted,
  isRetained,
  isStreamMapping,
  lifecycleRules,
  literalText,
  LOG_RETENTION_DAYS,
  metricsOf,
  PASSWORD_IN_URL,
  receivesAccessLogs,
  type Rule,
  SECRET_NAME,
  statementsIn,
} from "./template.ts";

/** Seven days: long enough to repair a sink over a long weekend before records expire unread. */
const MIN_STREAM_RETENTION_H = 168;
const MIN_ATTEMPTS = 5;
const MAX_GLUE_WORKERS = 20;

/**
 * The project's own rules, by type of resource, for facts that neither cdk-nag nor cfn-lint checks. A rule's name describes
 * its violation. The rule itself is true when the resource is right.
 */
export const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  "AWS::CloudWatch::Alarm": {
    "alarm without dimensions": (alarm) => metricsOf(alarm).every((metric) => dimensions(metric).length > 0),
    "Kinesis alarm without StreamName": (alarm) =>
      metricsOf(alarm).every(
        (metric) => metric["Namespace"] !== "AWS/Kinesis" || dimensions(metric).includes("StreamName"),
      ),
    "alarm on a metric that is not emitted": (alarm) => metricsOf(alarm).every(isEmitted),
    "alarm without an action": (alarm) => asList(alarm["AlarmActions"]).length > 0 && alarm["ActionsEnabled"] !== false,
    "alarm without a missing-data policy": (alarm) => alarm["TreatMissingData"] !== undefined,
    "alarm without a description": (alarm) => JSON.stringify(alarm["AlarmDescription"] ?? "").length > 20,
  },
  "AWS::S3::BucketPolicy": {
    "bucket policy that allows public access": (policy) => !allowsPublicAccess(policy["PolicyDocument"]),
  },
  "AWS::KMS::Key": {
    "key policy that allows public access": (key) => !allowsPublicAccess(key["KeyPolicy"]),
    "key without rotation": (key) => key["EnableKeyRotation"] === true,
  },
  "AWS::SNS::TopicPolicy": {
    "topic to which alarms cannot publish": (policy) =>
      statementsIn(policy["PolicyDocument"]).some(
        ({ Effect, Principal, Action }) =>
          Effect === "Allow" &&
          asStrings(asObject(Principal)["Service"]).includes("cloudwatch.amazonaws.com") &&
          asStrings(Action).includes("sns:Publish"),
      ),
    "topic that accepts connections without TLS": (policy) =>
      statementsIn(policy["PolicyDocument"]).some(({ Effect }) => Effect === "Deny"),
  },
  "AWS::SQS::Queue": {
    "queue that dead-letters messages after too few attempts": (queue) =>
      queue["RedrivePolicy"] === undefined ||
      Number(asObject(queue["RedrivePolicy"])["maxReceiveCount"]) >= MIN_ATTEMPTS,
  },
  "AWS::Kinesis::Stream": {
    "stream without the deployment's key": (stream) =>
      typeof asObject(stream["StreamEncryption"])["KeyId"] === "object",
    "stream retention below 7 days": (stream) => Number(stream["RetentionPeriodHours"]) >= MIN_STREAM_RETENTION_H,
  },
  "AWS::S3::Bucket": {
    "bucket deleted with its stack": (_, resources, name) => isRetained(resources, name),
    "bucket without notifications": (bucket, resources, name) =>
      receivesAccessLogs(resources, name) || bucket["NotificationConfiguration"] !== undefined,
    // S3 cannot deliver access logs to a bucket that a customer's key encrypts
    "bucket without KMS": (bucket, resources, name) =>
      defaultEncryption(bucket)["SSEAlgorithm"] === (receivesAccessLogs(resources, name) ? "AES256" : "aws:kms"),
    "bucket without a public access block": (bucket) => {
      const blocks = Object.values(asObject(bucket["PublicAccessBlockConfiguration"]));
      return blocks.length === 4 && blocks.every((isBlocked) => isBlocked === true);
    },
    "bucket without lifecycle rules": (bucket) => lifecycleRules(bucket).length > 0,
    "lifecycle rule that deletes receipts": (bucket, resources, name) =>
      receivesAccessLogs(resources, name) ||
      lifecycleRules(bucket).every(
        (rule) => rule["ExpirationInDays"] === undefined || !appliesWithin(rule["Prefix"], PREFIXES.raw),
      ),
  },
  "AWS::DynamoDB::Table": {
    "table deleted with its stack": (_, resources, name) => isRetained(resources, name),
    "table without the deployment's key": (table) =>
      asObject(table["SSESpecification"])["KMSMasterKeyId"] !== undefined,
    "table without point-in-time recovery": (table) =>
      asObject(table["PointInTimeRecoverySpecification"])["PointInTimeRecoveryEnabled"] === true,
    "table without deletion protection": (table) => table["DeletionProtectionEnabled"] === true,
  },
  "AWS::RDS::DBClusterParameterGroup": {
    "database that accepts connections without TLS": (group) => asObject(group["Parameters"])["rds.force_ssl"] === "1",
  },
  "AWS::RDS::DBCluster": {
    "database without the deployment's key": (cluster) =>
      cluster["StorageEncrypted"] === true && cluster["KmsKeyId"] !== undefined,
    "database deleted with its stack": (_, resources, name) => isRetained(resources, name),
    "database without a parameter group": (cluster) => cluster["DBClusterParameterGroupName"] !== undefined,
  },
  "AWS::Lambda::Function": {
    "secret in an environment variable": (lambda) =>
      environmentVariables(lambda).every(
        ([name, value]) =>
          !PASSWORD_IN_URL.test(literalText(value)) &&
          (!SECRET_NAME.test(name) || (typeof value !== "string" && !("Fn::Sub" in asObject(value)))),
      ),
    "function not on Node 24 and arm64": (lambda) =>
      lambda["Runtime"] === "nodejs24.x" && asList(lambda["Architectures"])[0] === "arm64",
  },
  "AWS::Lambda::EventSourceMapping": {
    "stream consumer with finite retries": (mapping) =>
      !isStreamMapping(mapping) ||
      (mapping["MaximumRetryAttempts"] === -1 && mapping["MaximumRecordAgeInSeconds"] === -1),
    "parallelization factor out of range": (mapping) =>
      !isStreamMapping(mapping) ||
      (Number(mapping["ParallelizationFactor"]) >= 1 && Number(mapping["ParallelizationFactor"]) <= 10),
    "event source that skips records": (mapping) =>
      mapping["FilterCriteria"] === undefined &&
      mapping["Enabled"] !== false &&
      (!isStreamMapping(mapping) || mapping["StartingPosition"] === "TRIM_HORIZON"),
    "event source that bisects batches": (mapping) => mapping["BisectBatchOnFunctionError"] !== true,
    "event source without partial batch failures": (mapping) =>
      asList(mapping["FunctionResponseTypes"]).includes("ReportBatchItemFailures"),
  },
  "AWS::SQS::QueuePolicy": {
    "queue with two policies": (policy, resources) => {
      const queuesIn = (queues: unknown) => asList(queues).map((queue) => JSON.stringify(queue));
      const policies = Object.values(resources).filter(({ Type }) => Type === "AWS::SQS::QueuePolicy");
      return queuesIn(policy["Queues"]).every(
        (queue) =>
          policies.filter(({ Properties = {} }) => queuesIn(Properties["Queues"]).includes(queue)).length === 1,
      );
    },
  },
  "AWS::IAM::Role": {
    "wildcard that is not on the list": hasOnlyAllowedWildcards,
    "role that every principal can assume": (role) => !allowsPublicAccess(role["AssumeRolePolicyDocument"]),
    // without s3:ListBucket, S3 answers 403 instead of 404 for a missing object, and the code cannot tell them apart
    "s3:GetObject without s3:ListBucket": (role) =>
      !allowsAction(role, "s3:GetObject") || allowsAction(role, "s3:ListBucket"),
  },
  "AWS::IAM::Policy": { "wildcard that is not on the list": hasOnlyAllowedWildcards },
  "AWS::ApiGateway::Method": {
    "API method without authorization": (method) =>
      method["AuthorizationType"] === "AWS_IAM" || method["ApiKeyRequired"] === true,
  },
  "AWS::ApiGateway::Stage": {
    "API without limits": (stage) =>
      asList(stage["MethodSettings"]).some((method) =>
        hasProperties(asObject(method), ["ThrottlingRateLimit", "ThrottlingBurstLimit"]),
      ),
  },
  "AWS::ApiGateway::UsagePlan": {
    "usage plan without limits": (plan) =>
      hasProperties(asObject(plan["Throttle"]), ["RateLimit", "BurstLimit"]) &&
      hasProperties(asObject(plan["Quota"]), ["Limit"]),
  },
  "AWS::Glue::Job": {
    "Glue version unset": (job) => job["GlueVersion"] !== undefined,
    "Glue workers unset": (job) => hasProperties(job, ["WorkerType", "NumberOfWorkers"]),
    "Glue workers too many or too large": (job) =>
      job["WorkerType"] === "G.025X" && Number(job["NumberOfWorkers"]) <= MAX_GLUE_WORKERS,
    "Glue job without a maintenance window": (job) => job["MaintenanceWindow"] !== undefined,
    "Glue job without a security configuration": (job) => job["SecurityConfiguration"] !== undefined,
  },
  "AWS::Glue::SecurityConfiguration": {
    "Glue logs not encrypted": (configuration) =>
      JSON.stringify(asObject(configuration["EncryptionConfiguration"])["CloudWatchEncryption"] ?? "").includes(
        "SSE-KMS",
      ),
    "Glue objects not encrypted": (configuration) =>
      JSON.stringify(asObject(configuration["EncryptionConfiguration"])["S3Encryptions"] ?? "").includes("SSE-KMS"),
  },
  "AWS::Logs::LogGroup": {
    "log group without retention": (group) => LOG_RETENTION_DAYS.includes(Number(group["RetentionInDays"])),
    "log group not encrypted": (group) => group["KmsKeyId"] !== undefined,
  },
};
