import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from "@aws-sdk/client-cloudformation";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { App } from "aws-cdk-lib";
import { zipSync } from "fflate";
import type { Template } from "../../../infra/assertions.ts";
import { s3Client } from "../../../src/aws/s3-store.ts";

const ACCOUNT = "000000000000";
const REGION = "us-east-1";
/** The stack of dashboard and alarms, which the emulator does not support. The tests of `infra/` verify its template. */
const NOT_EMULATED = "-monitoring";

interface Asset {
  source: { path: string; packaging: "zip" | "file" };
  destinations: Record<string, { bucketName: string; objectKey: string }>;
}

/** Outputs by stack and name. */
export type Outputs = Record<string, Record<string, string>>;

/** The outputs and templates of created stacks. */
export interface CreatedStacks {
  outputs: Outputs;
  templates: Record<string, Template>;
}

/**
 * Synthesizes an app and creates its stacks on the emulator that `AWS_ENDPOINT_URL` names, except the monitoring stack. `adapt`
 * may change a template before. Throws with the failed resources when a stack fails.
 */
export async function deploy(app: App, adapt: (stack: string, template: Template) => Template): Promise<CreatedStacks> {
  const assembly = app.synth();
  const outputs: Outputs = {};
  const templates: CreatedStacks["templates"] = {};
  for (const { stackName, template: synthesized } of assembly.stacks) {
    if (stackName.endsWith(NOT_EMULATED)) continue;
    const template = adapt(stackName, synthesized as Template);
    templates[stackName] = template;
    const manifest = JSON.parse(readFileSync(path.join(assembly.directory, `${stackName}.assets.json`), "utf8")) as {
      files: Record<string, Asset>;
    };
    for (const asset of Object.values(manifest.files)) await upload(assembly.directory, asset);
    outputs[stackName] = await createStack(stackName, template);
  }
  return { outputs, templates };
}

async function upload(directory: string, { source, destinations }: Asset): Promise<void> {
  const s3 = s3Client(process.env);
  const file = path.join(directory, source.path);
  const body =
    source.packaging === "zip"
      ? zipSync(Object.fromEntries(filesIn(file).map((name) => [path.relative(file, name), readFileSync(name)])))
      : readFileSync(file);
  for (const { bucketName, objectKey } of Object.values(destinations)) {
    const Bucket = bucketName.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION);
    await s3.send(new CreateBucketCommand({ Bucket })).catch(() => {});
    await s3.send(new PutObjectCommand({ Bucket, Key: objectKey, Body: body }));
  }
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    return statSync(file).isDirectory() ? filesIn(file) : [file];
  });

/** Uploads a template and returns its URL. CloudFormation accepts a template above 51,200 bytes only from a bucket. */
async function uploadTemplate(stackName: string, template: object): Promise<string> {
  const [s3, Bucket, Key] = [s3Client(process.env), `templates-${ACCOUNT}`, `${stackName}.template.json`];
  await s3.send(new CreateBucketCommand({ Bucket })).catch(() => {});
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: JSON.stringify(template) }));
  return `${process.env["AWS_ENDPOINT_URL"]}/${Bucket}/${Key}`;
}

async function createStack(StackName: string, template: object): Promise<Record<string, string>> {
  const client = new CloudFormationClient({});
  const TemplateURL = await uploadTemplate(StackName, template);
  await client.send(new CreateStackCommand({ StackName, TemplateURL, Capabilities: ["CAPABILITY_NAMED_IAM"] }));
  for (;;) {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const status = stack?.StackStatus ?? "";
    if (status === "CREATE_COMPLETE")
      return Object.fromEntries(
        (stack?.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
      );
    if (!status.endsWith("IN_PROGRESS")) {
      const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
      const failed = StackEvents.filter((event) => event.ResourceStatus?.includes("FAILED") === true);
      const reasons = failed.map((event) => `${event.LogicalResourceId} ${event.ResourceStatusReason}`);
      throw new Error(`the stack ${StackName} is ${status}: ${reasons.join("; ")}`);
    }
    await sleep(100);
  }
}
