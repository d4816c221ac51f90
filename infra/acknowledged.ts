import { PREFIXES, RAW_BODY_SUFFIX } from "../src/flow/objects/keys.ts";
import { Validations, type App } from "aws-cdk-lib";

/** A finding of cdk-nag that stands, where, and why. */
export interface Acknowledgement {
  /** Path of the construct below the deployment's name. */
  path: string;
  rule: string;
  reason: string;
}

const solutions = (rule: string): string => `AwsSolutions::AwsSolutions-${rule}`;
const serverless = (rule: string): string => `Serverless::Serverless-${rule}`;
const each = (paths: readonly string[], rule: string, reason: string): Acknowledgement[] =>
  paths.map((path) => ({ path, rule, reason }));

const functions = [
  "request/Handler",
  "request/Loader",
  "request/Maintenance",
  "stream/Consumer",
  "stream/Poller",
  "stream/Scaler",
  "database/Migrate",
];
const roles = functions.map((name) => `${name}Role`);
const BUCKET = "-data:ExportsOutputFnGetAttBucket83908E77Arn063C8555";

/** Objects of a prefix that a role may touch: their names are hashes and times, so the prefix is what can be named. */
const prefixes = (name: string, of: readonly string[], on: readonly string[]): Acknowledgement[] =>
  on.flatMap((prefix) =>
    each(
      of,
      solutions(`IAM5[Resource::${name}${BUCKET}/${prefix}/*]`),
      `objects below ${prefix}/ have names that nobody knows before`,
    ),
  );

const onRoles = (name: string): Acknowledgement[] => [
  ...each(roles, solutions("IAM5[Resource::*]"), "X-Ray's actions, and those on network interfaces, name no resource"),
  ...each(roles, serverless("LambdaStarPermissions"), "the same: only X-Ray and network interfaces; a test lists them"),
  ...prefixes(
    name,
    ["request/HandlerRole", "request/LoaderRole", "request/MaintenanceRole"],
    ["raw", "clean", "rejected", "manifests"],
  ),
  ...each(
    ["request/MaintenanceRole"],
    solutions(`IAM5[Resource::${name}${BUCKET}/${PREFIXES.raw}*${RAW_BODY_SUFFIX}]`),
    "bodies have names that nobody knows before; receipts beside them are not its to delete",
  ),
  ...prefixes(name, ["stream/ConsumerRole"], ["rejected", "lake", "manifests"]),
  ...prefixes(name, ["stream/JobRole"], ["rejected", "lake", "manifests", "checkpoints"]),
  ...["/aws-glue", `/flightline/${name}/glue`].flatMap((group) =>
    each(
      ["stream/JobRole"],
      solutions(`IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:${group}/*]`),
      "Glue names its log groups itself",
    ),
  ),
  ...each(
    ["stream/JobRole"],
    solutions("IAM5[Resource::*]"),
    "metrics, in Glue's namespace alone, and network interfaces name no resource",
  ),
  ...each(
    ["request/Api/CloudWatchRole"],
    solutions("IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]"),
    "API Gateway takes no role with less for the logs of an account",
  ),
];

const onFunctions: readonly Acknowledgement[] = [
  ...each(
    functions,
    serverless("LambdaDLQ"),
    "sources that retry by themselves; schedules keep what failed in a queue of their rule",
  ),
  ...each(
    ["request/Arrivals"],
    serverless("LambdaEventSourceMappingDestination"),
    "not valid on a queue, which has a dead-letter queue",
  ),
];

const onApi: readonly Acknowledgement[] = [
  ...each(
    ["request/Api"],
    solutions("APIG2"),
    "parameters are validated on every method; bodies may be NDJSON, CSV or gzip, so the handler judges them",
  ),
  ...each(
    ["request/Api/DeploymentStage.v1"],
    solutions("APIG3"),
    "the API takes signed requests or keys, at a limited rate; a firewall is the account's choice",
  ),
  ...each(
    ["request/Api/DeploymentStage.v1"],
    solutions("APIG6"),
    "execution logs would hold bodies and need a role of the whole account; access logs are on",
  ),
  ...[
    "states/POST",
    "states/GET",
    "ingestions/{id}/GET",
    "aircraft/GET",
    "aircraft/{icao24}/GET",
    "rejections/GET",
    "flows/GET",
    "health/GET",
    "openapi.json/GET",
  ].flatMap((method) => [
    ...each(
      [`request/Api/Default/${method}`],
      solutions("COG4"),
      "senders are programs: they sign requests or bear a key",
    ),
    ...each(
      [`request/Api/Default/${method}`],
      solutions("APIG4"),
      "with auth apiKey a key and a usage plan stand in for an authoriser",
    ),
  ]),
];

const onStores: readonly Acknowledgement[] = [
  ...each(
    ["request/Failures", "stream/Failures"],
    solutions("SQS3"),
    "it is itself where failures end, and an alarm watches it",
  ),
  ...each(
    ["request/Failures", "stream/Failures", "data/DeadLetters"],
    serverless("SQSRedrivePolicy"),
    "it is itself where failures end, and an alarm watches it",
  ),
  ...each(["stream/Stream"], solutions("KDS3"), "a key of our own, so that access to it can be withdrawn"),
  ...each(["stream/OpenSky"], solutions("SMG4"), "OpenSky makes its clients' secrets; nothing here can make another"),
  ...each(
    ["Secrets", "Kinesis", "Logs", "Metrics", "Glue"].map((of) => `database/Network/${of}/SecurityGroup`),
    solutions("EC23"),
    "the range is the network's own, which the rule cannot resolve",
  ),
  ...each(
    ["monitoring/Alarms"],
    serverless("SNSRedrivePolicy"),
    "an alarm by mail is also on the dashboard; AWS tries mail again by itself",
  ),
  ...each(["monitoring/JobState"], serverless("EventBusDLQ"), "an alarm on silence stands beside this rule"),
];

/** Every acknowledgement of a deployment called `name`; a test refuses one that matches nothing. */
export const acknowledgements = (name: string): Acknowledgement[] => [
  ...onRoles(name),
  ...onFunctions,
  ...onApi,
  ...onStores,
];

/** Tells cdk-nag's validation which findings stand. Constructs that a deployment does not have are passed over. */
export function acknowledge(app: App, name: string): void {
  const constructs = new Map(app.node.findAll().map((one) => [one.node.path, one]));
  for (const { path, rule, reason } of acknowledgements(name)) {
    const construct = constructs.get(`${name}-${path}`);
    if (construct !== undefined) Validations.of(construct).acknowledge({ id: rule, reason });
  }
}
