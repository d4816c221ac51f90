/** A resource's properties in a CloudFormation template. */
export type Props = Record<string, unknown>;
export interface Resource {
  Type: string;
  Properties?: Props;
  /** The fate of the resource when its stack is deleted. */
  DeletionPolicy?: string;
}
/** True when a resource is right. `resources` are all resources of its template by name, and `name` is its own. */
export type Rule = (properties: Props, resources: Readonly<Record<string, Resource>>, name: string) => boolean;

export const asObject = (value: unknown): Props =>
  typeof value === "object" && value !== null ? (value as Props) : {};
export const asList = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
export const asStrings = (value: unknown): string[] => asList(value).map(String);

/** The metrics of an alarm: its own metric, or those of its expression. */
export const metricsOf = (alarm: Props): Props[] => {
  const expressions = asList(alarm["Metrics"]).flatMap((query) => {
    const stat = asObject(query)["MetricStat"];
    return stat === undefined ? [] : [asObject(asObject(stat)["Metric"])];
  });
  return expressions.length > 0 ? expressions : [alarm];
};
export const dimensions = (metric: Props): string[] =>
  asList(metric["Dimensions"]).map((dimension) => String(asObject(dimension)["Name"]));

/** Metrics that AWS or Flightline's functions emit, by namespace. AWS's names are those of its documentation. */
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

export const statementsIn = (document: unknown): Props[] => asList(asObject(document)["Statement"]).map(asObject);
/** The statements of a role's inline policies, or of a separate policy resource. */
export const statementsOf = (roleOrPolicy: Props): Props[] => [
  ...asList(roleOrPolicy["Policies"]).flatMap((policy) => statementsIn(asObject(policy)["PolicyDocument"])),
  ...statementsIn(roleOrPolicy["PolicyDocument"]),
];
/** True when no action has a wildcard, and only the actions of `WITHOUT_RESOURCE` apply to all resources. */
export const hasOnlyAllowedWildcards: Rule = (roleOrPolicy) =>
  statementsOf(roleOrPolicy).every(({ Action, Resource: resources }) => {
    const isWild = asList(resources).includes("*");
    return asStrings(Action).every((action) => !action.includes("*") && (!isWild || WITHOUT_RESOURCE.test(action)));
  });
const isPublic = (principal: unknown): boolean =>
  principal === "*" || Object.values(asObject(principal)).some((value) => asStrings(value).includes("*"));
/** True when a policy allows an action to every principal. */
export const allowsPublicAccess = (document: unknown): boolean =>
  statementsIn(document).some(({ Effect, Principal }) => Effect === "Allow" && isPublic(Principal));
/** True when the resource remains after its stack is deleted. */
export const isRetained = (resources: Readonly<Record<string, Resource>>, name: string): boolean =>
  resources[name]?.DeletionPolicy === "Retain";
/** Days that a log group may keep its events. */
export const LOG_RETENTION_DAYS = [7, 30, 90, 365];
export const allowsAction = (role: Props, action: string): boolean =>
  statementsOf(role).some(({ Action }) => asStrings(Action).includes(action));

/** Actions for which AWS supports no resource, so that a policy must use `*`. */
const WITHOUT_RESOURCE =
  /^(xray:Put(TraceSegments|TelemetryRecords)|ec2:((Create|Describe|Delete)NetworkInterfaces?|Describe(Subnets|SecurityGroups|VpcEndpoints|RouteTables|VpcAttribute)|(Una|A)ssignPrivateIpAddresses|CreateTags)|cloudwatch:(GetMetricData|PutMetricData))$/;
export const isStreamMapping = (mapping: Props): boolean =>
  JSON.stringify(mapping["EventSourceArn"] ?? "").includes("Stream");

export const environmentVariables = (lambda: Props): [string, unknown][] =>
  Object.entries(asObject(asObject(lambda["Environment"])["Variables"]));
/** Names of variables that may contain a secret. */
export const SECRET_NAME = /secret|password|token|api_?key/i;
/** `user:password@` in a URL, also in a URL that a template joins from parts. */
export const PASSWORD_IN_URL = /:\/\/[^/@\s]*:[^/@\s]*@/;
/** The literal text of a value. In an `Fn::Join`, references become `?`. */
export const literalText = (value: unknown): string =>
  typeof value === "string"
    ? value
    : asList(asList(asObject(value)["Fn::Join"])[1])
        .map((part) => (typeof part === "string" ? part : "?"))
        .join("");

export const defaultEncryption = (bucket: Props): Props =>
  asObject(
    asObject(asList(asObject(bucket["BucketEncryption"])["ServerSideEncryptionConfiguration"])[0])[
      "ServerSideEncryptionByDefault"
    ],
  );
export const receivesAccessLogs = (resources: Readonly<Record<string, Resource>>, bucket: string): boolean =>
  Object.values(resources).some(
    ({ Properties = {} }) =>
      asObject(asObject(Properties["LoggingConfiguration"])["DestinationBucketName"])["Ref"] === bucket,
  );
export const lifecycleRules = (bucket: Props): Props[] =>
  asList(asObject(bucket["LifecycleConfiguration"])["Rules"]).map(asObject);
/** True when a lifecycle rule for keys that begin with `prefix` (undefined: all keys) applies to some keys in `folder`. */
export const appliesWithin = (prefix: unknown, folder: string): boolean =>
  typeof prefix !== "string" || folder.startsWith(prefix) || prefix.startsWith(folder);
export const hasProperties = (properties: Props, names: readonly string[]): boolean =>
  names.every((name) => properties[name] !== undefined);
