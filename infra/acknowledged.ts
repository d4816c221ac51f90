import { Validations, type App } from "aws-cdk-lib";
import { PREFIXES, RAW_BODY_SUFFIX, type ObjectFamily } from "../src/flow/objects/keys.ts";

/** A finding of cdk-nag that the project accepts. */
export interface AcknowledgedFinding {
  /** Path of the construct below the deployment's name. */
  path: string;
  rule: string;
  /** Why the finding is acceptable. */
  reason: string;
}

const solutions = (rule: string): string => `AwsSolutions::AwsSolutions-${rule}`;
const serverless = (rule: string): string => `Serverless::Serverless-${rule}`;
const atEach = (paths: readonly string[], rule: string, reason: string): AcknowledgedFinding[] =>
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

/** Wildcards below prefixes of the bucket. Object names contain hashes and times, so a policy can name only their prefix. */
const objectWildcards = (
  name: string,
  paths: readonly string[],
  kinds: readonly ObjectFamily[],
): AcknowledgedFinding[] =>
  kinds.flatMap((kind) =>
    atEach(
      paths,
      solutions(`IAM5[Resource::${name}${BUCKET}/${PREFIXES[kind]}*]`),
      `the names of objects below ${PREFIXES[kind]} are not known at deployment`,
    ),
  );

const onRoles = (name: string): AcknowledgedFinding[] => [
  ...atEach(
    roles,
    solutions("IAM5[Resource::*]"),
    "the actions of X-Ray and on network interfaces support no resource",
  ),
  ...atEach(
    roles,
    serverless("LambdaStarPermissions"),
    "only the actions of X-Ray and on network interfaces use *. A rule of the gate allows no others",
  ),
  ...objectWildcards(
    name,
    ["request/HandlerRole", "request/LoaderRole", "request/MaintenanceRole"],
    ["raw", "clean", "rejected", "manifests"],
  ),
  ...atEach(
    ["request/MaintenanceRole"],
    solutions(`IAM5[Resource::${name}${BUCKET}/${PREFIXES.raw}*${RAW_BODY_SUFFIX}]`),
    "the names of bodies are not known at deployment. The suffix excludes the receipts under the same prefix",
  ),
  ...objectWildcards(name, ["stream/ConsumerRole"], ["rejected", "lake", "manifests"]),
  ...objectWildcards(name, ["stream/JobRole"], ["rejected", "lake", "manifests", "checkpoints"]),
  ...["/aws-glue", `/flightline/${name}/glue`].flatMap((group) =>
    atEach(
      ["stream/JobRole"],
      solutions(`IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:${group}/*]`),
      "Glue chooses the names of its log groups",
    ),
  ),
  ...atEach(
    ["stream/JobRole"],
    solutions("IAM5[Resource::*]"),
    "the actions on metrics, which a condition limits to Glue's namespace, and on network interfaces support no resource",
  ),
  ...atEach(
    ["request/Api/CloudWatchRole"],
    solutions("IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]"),
    "API Gateway requires this managed policy in order to write the logs of an account",
  ),
];

const onFunctions: readonly AcknowledgedFinding[] = [
  ...atEach(
    functions,
    serverless("LambdaDLQ"),
    "event sources retry on their own. Schedules keep failed events in the queue of their rule",
  ),
  ...atEach(
    ["request/Arrivals"],
    serverless("LambdaEventSourceMappingDestination"),
    "not valid for an SQS source. The queue has a dead-letter queue",
  ),
];

const onApi: readonly AcknowledgedFinding[] = [
  ...atEach(
    ["request/Api"],
    solutions("APIG2"),
    "parameters are validated on every method. Bodies may be NDJSON, CSV or gzip, so only the handler can validate them",
  ),
  ...atEach(
    ["request/Api/DeploymentStage.v1"],
    solutions("APIG3"),
    "the API requires signed requests or keys, at a limited rate. A firewall is optional",
  ),
  ...atEach(
    ["request/Api/DeploymentStage.v1"],
    solutions("APIG6"),
    "execution logs would contain bodies and require a role of the whole account. Access logs are on",
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
    ...atEach(
      [`request/Api/Default/${method}`],
      solutions("COG4"),
      "clients are programs: they sign requests or send a key",
    ),
    ...atEach(
      [`request/Api/Default/${method}`],
      solutions("APIG4"),
      "with auth apiKey, a key and a usage plan replace an authorizer",
    ),
  ]),
];

const onStores: readonly AcknowledgedFinding[] = [
  ...atEach(
    ["request/Failures", "stream/Failures"],
    solutions("SQS3"),
    "it is the last destination of failed messages, and an alarm watches it",
  ),
  ...atEach(
    ["request/Failures", "stream/Failures", "data/DeadLetters"],
    serverless("SQSRedrivePolicy"),
    "it is the last destination of failed messages, and an alarm watches it",
  ),
  ...atEach(
    ["stream/Stream"],
    solutions("KDS3"),
    "the deployment has its own key, so that access to it can be revoked",
  ),
  ...atEach(
    ["stream/OpenSky"],
    solutions("SMG4"),
    "OpenSky issues the secrets of its clients, so a rotation cannot create a new one",
  ),
  ...atEach(
    ["Secrets", "Kinesis", "Logs", "Metrics", "Glue"].map((endpoint) => `database/Network/${endpoint}/SecurityGroup`),
    solutions("EC23"),
    "the range is that of the VPC, which the rule cannot resolve",
  ),
  ...atEach(
    ["monitoring/Alarms"],
    serverless("SNSRedrivePolicy"),
    "alarms that are sent by mail are also on the dashboard, and AWS retries mail",
  ),
  ...atEach(["monitoring/JobState"], serverless("EventBusDLQ"), "the alarm LateRecords also fires when the job stops"),
];

/** The acknowledged findings of a deployment with this name. A test fails for an entry that matches no finding. */
export const acknowledgedFindings = (name: string): AcknowledgedFinding[] => [
  ...onRoles(name),
  ...onFunctions,
  ...onApi,
  ...onStores,
];

/** Acknowledges the findings in cdk-nag's validation. Entries for constructs that the deployment lacks are ignored. */
export function acknowledge(app: App, name: string): void {
  const constructs = new Map(app.node.findAll().map((construct) => [construct.node.path, construct]));
  for (const { path, rule, reason } of acknowledgedFindings(name)) {
    const construct = constructs.get(`${name}-${path}`);
    if (construct !== undefined) Validations.of(construct).acknowledge({ id: rule, reason });
  }
}
