import path from "node:path";
import { CfnOutput, Duration, RemovalPolicy } from "aws-cdk-lib";
import type { IVpc, ISecurityGroup } from "aws-cdk-lib/aws-ec2";
import { PolicyDocument, Role, ServicePrincipal, type PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Architecture, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { settingsEnvironment } from "../src/settings.ts";
import type { DataStack } from "./data-stack.ts";
import { allow } from "./permissions.ts";
import type { Settings } from "./settings.ts";

export interface FunctionProps {
  settings: Settings;
  data: DataStack;
  /** A file of src/aws/lambda, without its extension. */
  entry: string;
  environment?: Record<string, string>;
  statements: PolicyStatement[];
  timeout_s: number;
  memory_mb?: number;
  /** Access to PostgreSQL, for a function that uses it. */
  access?: DatabaseAccess | undefined;
}

/** The environment, permissions and network of a function that uses PostgreSQL. */
export interface DatabaseAccess {
  environment: Record<string, string>;
  statements: PolicyStatement[];
  network: { vpc: IVpc; group: ISecurityGroup };
}

const repository = path.resolve(import.meta.dirname, "..");
/** The actions of X-Ray and on network interfaces support no resource, so their policies use `*`. */
const TRACING = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
const NETWORKING = [
  "ec2:CreateNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];

/** A Lambda function with a role, a log group and permissions of its own. */
export function lambdaFunction(scope: Construct, id: string, props: FunctionProps): NodejsFunction {
  const { settings, data, entry, timeout_s, memory_mb = 512, access } = props;
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    logGroupName: `/flightline/${settings.name}/${entry}`,
    retention: settings.retentionDays.logs,
    encryptionKey: data.key,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const lambda = new NodejsFunction(scope, id, {
    functionName: `${settings.name}-${entry}`,
    entry: path.join(repository, "src/aws/lambda", `${entry}.ts`),
    projectRoot: repository,
    depsLockFilePath: path.join(repository, "package-lock.json"),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    timeout: Duration.seconds(timeout_s),
    memorySize: memory_mb,
    tracing: Tracing.ACTIVE,
    logGroup,
    role: functionRole(scope, id, { ...props, logs: logGroup.logGroupArn }),
    environment: { ...environmentOf(settings, data), ...props.environment, ...access?.environment },
    ...(access === undefined ? {} : { vpc: access.network.vpc, securityGroups: [access.network.group] }),
    bundling: {
      format: OutputFormat.ESM,
      target: "node24",
      minify: true,
      bundleAwsSDK: true,
      mainFields: ["module", "main"],
      // bundled CommonJS packages call `require`, which an ES module lacks
      banner: "import{createRequire as r}from'node:module';const require=r(import.meta.url);",
      ...(access === undefined ? {} : { commandHooks: withSql }),
    },
  });
  new CfnOutput(scope, `${id}Name`, { value: lambda.functionName });
  return lambda;
}

/** Copies `sql/` next to the bundle: the code reads migrations and long statements as files. */
const withSql = {
  beforeInstall: () => [],
  beforeBundling: () => [],
  afterBundling: (from: string, to: string) => [`cp -r ${from}/sql ${to}/sql`],
};

/** The settings that `readConfig` reads in every function, and that select its adapters. */
function environmentOf(settings: Settings, { bucket }: DataStack): Record<string, string> {
  const databases = { none: "none", dynamodb: `dynamodb:${settings.name}`, postgres: "postgres" };
  return settingsEnvironment({
    deployment: settings.name,
    objects: `s3://${bucket.bucketName}`,
    database:
      settings.database === "both" ? `${databases.postgres} ${databases.dynamodb}` : databases[settings.database],
    lake: settings.lake,
    retention_days: String(settings.retentionDays.rows),
    raw_days: String(settings.retentionDays.raw),
  });
}

function functionRole(scope: Construct, id: string, { statements, logs, access }: FunctionProps & { logs: string }) {
  const own = [
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs]),
    allow(TRACING, ["*"]),
    ...(access === undefined ? [] : [allow(NETWORKING, ["*"])]),
    ...statements,
    ...(access?.statements ?? []),
  ];
  const role = new Role(scope, `${id}Role`, {
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    inlinePolicies: { own: new PolicyDocument({ statements: own }) },
  });
  // the statements above replace those that the CDK would add, which have wildcards
  return role.withoutPolicyUpdates();
}
