/** A resource's properties, as a template states them. */
export type Props = Record<string, unknown>;
export interface Resource {
  Type: string;
  Properties?: Props;
  /** What happens to it when its stack goes. */
  DeletionPolicy?: string;
}
/** Says whether a resource is right; `all` are the resources of its template by their names, its own among them. */
export type Rule = (of: Props, all: Readonly<Record<string, Resource>>, name: string) => boolean;

export const members = (value: unknown): Props => (typeof value === "object" && value !== null ? (value as Props) : {});
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
export const texts = (value: unknown): string[] => list(value).map(String);

/** The metrics of an alarm: its own, or those of its expression. */
export const metricsOf = (alarm: Props): Props[] => {
  const expressions = list(alarm["Metrics"]).flatMap((one) => {
    const stat = members(one)["MetricStat"];
    return stat === undefined ? [] : [members(members(stat)["Metric"])];
  });
  return expressions.length > 0 ? expressions : [alarm];
};
export const dimensions = (metric: Props): string[] =>
  list(metric["Dimensions"]).map((one) => String(members(one)["Name"]));

/** Metrics that AWS or our functions emit, as their documentation names them. */
const METRICS: Readonly<Record<string, RegExp>> = {
  "AWS/Kinesis":
    /^(GetRecords\.IteratorAgeMilliseconds|(Write|Read)ProvisionedThroughputExceeded|PutRecords\.FailedRecords)$/,
  "AWS/Lambda": /^(Errors|Throttles|IteratorAge)$/,
  "AWS/SQS": /^ApproximateNumberOfMessagesVisible$/,
  "AWS/ApiGateway": /^(5XXError|Latency)$/,
  Glue: /^glue\.driver\.streaming\.maxConsumerLagInMs$/,
  Flightline: /^(received|rejected|imbalance|heartbeat|failed)$/,
};
export const isEmitted = (metric: Props): boolean =>
  METRICS[String(metric["Namespace"])]?.test(String(metric["MetricName"])) === true;

export const statementsIn = (document: unknown): Props[] => list(members(document)["Statement"]).map(members);
/** Of a role's own policies, or of a policy beside its role. */
export const statementsOf = (of: Props): Props[] => [
  ...list(of["Policies"]).flatMap((policy) => statementsIn(members(policy)["PolicyDocument"])),
  ...statementsIn(of["PolicyDocument"]),
];
export const isNamed: Rule = (of) =>
  statementsOf(of).every(({ Action, Resource: on }) => {
    const isWild = list(on).includes("*");
    return texts(Action).every((action) => !action.includes("*") && (!isWild || WITHOUT_RESOURCE.test(action)));
  });
/** Nobody in particular: what is allowed to it is open to the world. */
export const isAnybody = (principal: unknown): boolean =>
  principal === "*" || Object.values(members(principal)).some((one) => texts(one).includes("*"));
export const allowsAnybody = (document: unknown): boolean =>
  statementsIn(document).some(({ Effect, Principal }) => Effect === "Allow" && isAnybody(Principal));
export const isKept = (all: Readonly<Record<string, Resource>>, name: string): boolean =>
  all[name]?.DeletionPolicy === "Retain";
export const retentions = [7, 30, 90, 365];
export const permits = (role: Props, action: string): boolean =>
  statementsOf(role).some(({ Action }) => texts(Action).includes(action));

/** Actions that know no resource to name, and so stand with `*`. */
export const WITHOUT_RESOURCE =
  /^(xray:Put(TraceSegments|TelemetryRecords)|ec2:((Create|Describe|Delete)NetworkInterfaces?|Describe(Subnets|SecurityGroups|VpcEndpoints|RouteTables|VpcAttribute)|(Una|A)ssignPrivateIpAddresses|CreateTags)|cloudwatch:(GetMetricData|PutMetricData))$/;
export const isStreamMapping = (props: Props): boolean =>
  JSON.stringify(props["EventSourceArn"] ?? "").includes("Stream");

export const environmentOf = (of: Props): [string, unknown][] =>
  Object.entries(members(members(of["Environment"])["Variables"]));
export const SECRET = /secret|password|token|api_?key/i;
/** `user:password@` of a URL, also of one that is put together. */
export const PASSWORD = /:\/\/[^/@\s]*:[^/@\s]*@/;
export const literalOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : list(list(members(value)["Fn::Join"])[1])
        .map((part) => (typeof part === "string" ? part : "?"))
        .join("");

export const sseOf = (bucket: Props): Props =>
  members(
    members(list(members(bucket["BucketEncryption"])["ServerSideEncryptionConfiguration"])[0])[
      "ServerSideEncryptionByDefault"
    ],
  );
export const takesAccessLogs = (all: Readonly<Record<string, Resource>>, bucket: string): boolean =>
  Object.values(all).some(
    ({ Properties = {} }) =>
      members(members(Properties["LoggingConfiguration"])["DestinationBucketName"])["Ref"] === bucket,
  );
export const lifecycleOf = (bucket: Props): Props[] =>
  list(members(bucket["LifecycleConfiguration"])["Rules"]).map(members);
/** Whether a rule for keys that begin with `prefix` (missing: all) holds for some below `folder`. */
export const reaches = (prefix: unknown, folder: string): boolean =>
  typeof prefix !== "string" || folder.startsWith(prefix) || prefix.startsWith(folder);
export const hasLimits = (of: Props, names: readonly string[]): boolean =>
  names.every((name) => of[name] !== undefined);
