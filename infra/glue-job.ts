import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { CfnJob, CfnSecurityConfiguration } from "aws-cdk-lib/aws-glue";
import { PolicyDocument, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Stream } from "aws-cdk-lib/aws-kinesis";
import type { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { DataStack } from "./data-stack.ts";
import { allow, dynamo, listing, objects, streamReading } from "./permissions.ts";
import type { Settings } from "./settings.ts";

interface GlueProps {
  settings: Settings;
  data: DataStack;
  stream: Stream;
  streamKey: Key;
}

/** A quarter of a DPU each: the least that streaming takes. */
const WORKER = "G.025X";
const WORKERS = 2;
const MOST_WORKERS = 10;

/** The streaming job. Version, worker and number are always stated: what Glue takes without them costs ten large workers. Its name. */
export function glueJob(stack: Stack, props: GlueProps): string {
  const { settings, data } = props;
  const name = `${settings.name}-stream`;
  const security = securityConfiguration(stack, props);
  const job = new CfnJob(stack, "Job", {
    name,
    role: jobRole(stack, props).roleArn,
    glueVersion: settings.glueVersion,
    workerType: WORKER,
    numberOfWorkers: WORKERS,
    maxRetries: 0,
    maintenanceWindow: "Sun:03",
    securityConfiguration: security.name,
    command: {
      name: "gluestreaming",
      pythonVersion: "3",
      scriptLocation: `s3://${data.bucket.bucketName}/glue/job.py`,
    },
    defaultArguments: {
      "--enable-auto-scaling": "true",
      "--max-workers": String(MOST_WORKERS),
      "--enable-metrics": "true",
      "--enable-continuous-cloudwatch-log": "true",
      "--plan": `s3://${data.bucket.bucketName}/glue/plan.json`,
      "--stream": settings.name,
      "--bucket": data.bucket.bucketName,
      "--lake": settings.lake,
    },
  });
  job.addResourceDependency(security);
  return name;
}

function securityConfiguration(stack: Stack, { settings, data: { key } }: GlueProps): CfnSecurityConfiguration {
  const { keyArn } = key;
  new LogGroup(stack, "JobLogs", {
    logGroupName: `/flightline/${settings.name}/glue`,
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

function jobRole(stack: Stack, { settings, data, stream, streamKey }: GlueProps): Role {
  const logs = stack.formatArn({ service: "logs", resource: `log-group:/aws-glue/*` });
  return new Role(stack, "JobRole", {
    assumedBy: new ServicePrincipal("glue.amazonaws.com"),
    inlinePolicies: {
      own: new PolicyDocument({
        statements: [
          allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"], [logs]),
          ...streamReading(stream.streamArn, streamKey),
          ...objects(data, ["glue"], ["s3:GetObject"]),
          ...objects(data, ["rejected", "lake", "manifests"], ["s3:PutObject", "s3:GetObject"]),
          ...objects(data, ["checkpoints"], ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"]),
          listing(data, ["glue", "checkpoints", "rejected", "lake", "manifests"]),
          ...dynamo(stack, settings, "write"),
        ],
      }),
    },
  });
}
