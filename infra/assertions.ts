/** A template as CloudFormation gets it. */
export interface Template {
  Resources?: Record<string, Resource>;
}
export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
}
export interface Violation {
  rule: string;
  resource: string;
}

type Rule = (of: Props, all: readonly Resource[]) => boolean;
type Props = Record<string, unknown>;
const members = (value: unknown): Props => (typeof value === "object" && value !== null ? (value as Props) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/** A metric of an alarm: its own, or those of its expression. */
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

/** Actions that know no resource to name, and so stand with `*`. */
const WITHOUT_RESOURCE =
  /^(xray:Put(TraceSegments|TelemetryRecords)|ec2:((Create|Describe|Delete)NetworkInterfaces?|Describe(Subnets|SecurityGroups|VpcEndpoints|RouteTables)|(Una|A)ssignPrivateIpAddresses|CreateTags)|cloudwatch:(GetMetricData|PutMetricData))$/;
const isStreamMapping = (props: Props): boolean => JSON.stringify(props["EventSourceArn"] ?? "").includes("Stream");
const SECRET = /secret|password|token|api_?key/i;

/** What no tool checks, by the type of resource; a rule says what is right. */
const rules: Record<string, Record<string, Rule>> = {
  "AWS::CloudWatch::Alarm": {
    "alarm without dimensions": (of) => metricsOf(of).every((metric) => dimensions(metric).length > 0),
    "alarm on Kinesis without StreamName": (of) =>
      metricsOf(of).every((one) => one["Namespace"] !== "AWS/Kinesis" || dimensions(one).includes("StreamName")),
    "alarm without an action": (of) => list(of["AlarmActions"]).length > 0,
    "alarm without a missing-data policy": (of) => of["TreatMissingData"] !== undefined,
    "alarm that does not say what to do": (of) => JSON.stringify(of["AlarmDescription"] ?? "").length > 20,
  },
  "AWS::S3::Bucket": {
    "bucket without KMS": (of) =>
      JSON.stringify(of).includes("aws:kms") || !JSON.stringify(of).includes("NotificationConfiguration"),
    "bucket open to the public": (of) => {
      const blocked = Object.values(members(of["PublicAccessBlockConfiguration"]));
      return blocked.length === 4 && blocked.every((one) => one === true);
    },
    "bucket without expiry": (of) => of["LifecycleConfiguration"] !== undefined,
  },
  "AWS::Lambda::Function": {
    "secret in an environment variable": (of) =>
      Object.entries(members(members(of["Environment"])["Variables"])).every(
        ([name, value]) => !SECRET.test(name) || JSON.stringify(value).includes("Ref"),
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
      const policies = all.filter(({ Type }) => Type === "AWS::SQS::QueuePolicy");
      return queues(of["Queues"]).every(
        (queue) => policies.filter(({ Properties = {} }) => queues(Properties["Queues"]).includes(queue)).length === 1,
      );
    },
  },
  "AWS::IAM::Role": {
    "wildcard beyond the list": (of) =>
      statementsOf(of).every(({ Action, Resource }) => {
        const actions = list(Action).map(String);
        const isWild = list(Resource).includes("*");
        return actions.every((action) => !action.includes("*") && (!isWild || WITHOUT_RESOURCE.test(action)));
      }),
  },
  "AWS::ApiGateway::Stage": {
    "API without limits": (of) =>
      list(of["MethodSettings"]).some((one) => {
        const { ThrottlingRateLimit, ThrottlingBurstLimit } = members(one);
        return ThrottlingRateLimit !== undefined && ThrottlingBurstLimit !== undefined;
      }),
  },
  "AWS::Glue::Job": {
    "Glue version unset": (of) => of["GlueVersion"] !== undefined,
    "Glue workers unset": (of) => of["WorkerType"] !== undefined && of["NumberOfWorkers"] !== undefined,
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

/** What our own rules find in the templates of a deployment; a rule on several resources looks within one template. */
export const violations = (templates: readonly Template[]): Violation[] => [
  ...hiddenTooShort(templates),
  ...templates.flatMap(({ Resources = {} }) => {
    const all = Object.values(Resources);
    return Object.entries(Resources).flatMap(([resource, { Type, Properties = {} }]) =>
      Object.entries(rules[Type] ?? {}).flatMap(([rule, isRight]) =>
        isRight(Properties, all) ? [] : [{ rule, resource }],
      ),
    );
  }),
];

const ofType = (templates: readonly Template[], type: string): Props[] =>
  templates.flatMap(({ Resources = {} }) =>
    Object.values(Resources).flatMap(({ Type, Properties = {} }) => (Type === type ? [Properties] : [])),
  );

/** A message that is shown again while its function still works is loaded twice; queue and function lie in two stacks. */
function hiddenTooShort(templates: readonly Template[]): Violation[] {
  const hidden = ofType(templates, "AWS::SQS::Queue").flatMap(({ RedrivePolicy, VisibilityTimeout }) =>
    RedrivePolicy === undefined ? [] : [Number(VisibilityTimeout)],
  );
  return templates.flatMap(({ Resources = {} }) =>
    Object.values(Resources).flatMap(({ Type, Properties = {} }) => {
      if (Type !== "AWS::Lambda::EventSourceMapping" || isStreamMapping(Properties)) return [];
      const resource = String(members(list(members(Properties["FunctionName"])["Fn::GetAtt"]).slice(0, 1))[0]);
      const timeout = Number(Resources[resource]?.Properties?.["Timeout"]);
      return hidden.every((seconds) => seconds >= timeout)
        ? []
        : [{ rule: "timeout beyond the queue's visibility", resource }];
    }),
  );
}
