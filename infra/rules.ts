/** A resource's properties, as a template states them. */
export type Props = Record<string, unknown>;
export interface Resource {
  Type: string;
  Properties?: Props;
}
/** Says whether a resource is right; `all` are the resources of its template by their names, its own among them. */
type Rule = (of: Props, all: Readonly<Record<string, Resource>>, name: string) => boolean;

export const members = (value: unknown): Props => (typeof value === "object" && value !== null ? (value as Props) : {});
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const texts = (value: unknown): string[] => list(value).map(String);

/** The metrics of an alarm: its own, or those of its expression. */
const metricsOf = (alarm: Props): Props[] => {
  const expressions = list(alarm["Metrics"]).flatMap((one) => {
    const stat = members(one)["MetricStat"];
    return stat === undefined ? [] : [members(members(stat)["Metric"])];
  });
  return expressions.length > 0 ? expressions : [alarm];
};
const dimensions = (metric: Props): string[] => list(metric["Dimensions"]).map((one) => String(members(one)["Name"]));

const statementsOf = (role: Props): Props[] =>
  list(role["Policies"]).flatMap((policy) =>
    list(members(members(policy)["PolicyDocument"])["Statement"]).map(members),
  );
const permits = (role: Props, action: string): boolean =>
  statementsOf(role).some(({ Action }) => texts(Action).includes(action));

/** Actions that know no resource to name, and so stand with `*`. */
const WITHOUT_RESOURCE =
  /^(xray:Put(TraceSegments|TelemetryRecords)|ec2:((Create|Describe|Delete)NetworkInterfaces?|Describe(Subnets|SecurityGroups|VpcEndpoints|RouteTables)|(Una|A)ssignPrivateIpAddresses|CreateTags)|cloudwatch:(GetMetricData|PutMetricData))$/;
export const isStreamMapping = (props: Props): boolean =>
  JSON.stringify(props["EventSourceArn"] ?? "").includes("Stream");

const environmentOf = (of: Props): [string, unknown][] =>
  Object.entries(members(members(of["Environment"])["Variables"]));
const SECRET = /secret|password|token|api_?key/i;
/** `user:password@` of a URL, also of one that is put together. */
const PASSWORD = /:\/\/[^/@\s]*:[^/@\s]*@/;
const literalOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : list(list(members(value)["Fn::Join"])[1])
        .map((part) => (typeof part === "string" ? part : "?"))
        .join("");

const sseOf = (bucket: Props): Props =>
  members(
    members(list(members(bucket["BucketEncryption"])["ServerSideEncryptionConfiguration"])[0])[
      "ServerSideEncryptionByDefault"
    ],
  );
const takesAccessLogs = (all: Readonly<Record<string, Resource>>, bucket: string): boolean =>
  Object.values(all).some(
    ({ Properties = {} }) =>
      members(members(Properties["LoggingConfiguration"])["DestinationBucketName"])["Ref"] === bucket,
  );
const lifecycleOf = (bucket: Props): Props[] => list(members(bucket["LifecycleConfiguration"])["Rules"]).map(members);
/** Whether a rule for keys that begin with `prefix` (missing: all) holds for some below `folder`. */
const reaches = (prefix: unknown, folder: string): boolean =>
  typeof prefix !== "string" || folder.startsWith(prefix) || prefix.startsWith(folder);
const hasLimits = (of: Props, names: readonly string[]): boolean => names.every((name) => of[name] !== undefined);

/** What no tool checks, by the type of resource; a rule says what is right. */
export const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  "AWS::CloudWatch::Alarm": {
    "alarm without dimensions": (of) => metricsOf(of).every((metric) => dimensions(metric).length > 0),
    "alarm on Kinesis without StreamName": (of) =>
      metricsOf(of).every((one) => one["Namespace"] !== "AWS/Kinesis" || dimensions(one).includes("StreamName")),
    "alarm without an action": (of) => list(of["AlarmActions"]).length > 0,
    "alarm without a missing-data policy": (of) => of["TreatMissingData"] !== undefined,
    "alarm that does not say what to do": (of) => JSON.stringify(of["AlarmDescription"] ?? "").length > 20,
  },
  "AWS::S3::Bucket": {
    // S3 delivers access logs to no bucket with a key of ours
    "bucket without KMS": (of, all, name) =>
      sseOf(of)["SSEAlgorithm"] === (takesAccessLogs(all, name) ? "AES256" : "aws:kms"),
    "bucket open to the public": (of) => {
      const blocked = Object.values(members(of["PublicAccessBlockConfiguration"]));
      return blocked.length === 4 && blocked.every((one) => one === true);
    },
    "bucket without expiry": (of) => lifecycleOf(of).length > 0,
    "door records that expire": (of, all, name) =>
      takesAccessLogs(all, name) ||
      lifecycleOf(of).every((one) => one["ExpirationInDays"] === undefined || !reaches(one["Prefix"], "raw/")),
  },
  "AWS::DynamoDB::Table": {
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
    "database without parameters of ours": (of) => of["DBClusterParameterGroupName"] !== undefined,
  },
  "AWS::Lambda::Function": {
    "secret in an environment variable": (of) =>
      environmentOf(of).every(
        ([name, value]) => !(SECRET.test(name) && typeof value === "string") && !PASSWORD.test(literalOf(value)),
      ),
    "function on another runtime": (of) => of["Runtime"] === "nodejs24.x" && list(of["Architectures"])[0] === "arm64",
  },
  "AWS::Lambda::EventSourceMapping": {
    "finite retry on the stream": (of) =>
      !isStreamMapping(of) || (of["MaximumRetryAttempts"] === -1 && of["MaximumRecordAgeInSeconds"] === -1),
    "parallelisation out of range": (of) =>
      !isStreamMapping(of) || (Number(of["ParallelizationFactor"]) >= 1 && Number(of["ParallelizationFactor"]) <= 10),
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
    "wildcard beyond the list": (of) =>
      statementsOf(of).every(({ Action, Resource: on }) => {
        const isWild = list(on).includes("*");
        return texts(Action).every((action) => !action.includes("*") && (!isWild || WITHOUT_RESOURCE.test(action)));
      }),
    // who may not list is told 403 of a missing object, which is no answer
    "objects got without listing": (of) => !permits(of, "s3:GetObject") || permits(of, "s3:ListBucket"),
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
    "Glue job without security configuration": (of) => of["SecurityConfiguration"] !== undefined,
  },
  "AWS::Glue::SecurityConfiguration": {
    "Glue logs not encrypted": (of) =>
      JSON.stringify(members(of["EncryptionConfiguration"])["CloudWatchEncryption"] ?? "").includes("SSE-KMS"),
  },
  "AWS::Logs::LogGroup": {
    "log group without retention": (of) => of["RetentionInDays"] !== undefined,
    "log group not encrypted": (of) => of["KmsKeyId"] !== undefined,
  },
};
