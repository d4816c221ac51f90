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
/** Dashboard and alarms: they are shown by templates alone. */
const UNKNOWN = "-monitoring";

interface Asset {
  source: { path: string; packaging: "zip" | "file" };
  destinations: Record<string, { bucketName: string; objectKey: string }>;
}

/** Outputs by stack, then by name. */
export type Outputs = Record<string, Record<string, string>>;

/** Stacks that were created: their outputs, and the templates that they were created from. */
export interface Created {
  outputs: Outputs;
  templates: Record<string, Template>;
}

/**
 * Synthesises an app and creates its stacks, but those that no emulator knows, where the environment names one; `adapt` may
 * change a template before.
 */
export async function deploy(app: App, adapt: (stack: string, template: Template) => Template): Promise<Created> {
  const assembly = app.synth();
  const outputs: Outputs = {};
  const templates: Created["templates"] = {};
  for (const { stackName, template: synthesised } of assembly.stacks) {
    if (stackName.endsWith(UNKNOWN)) continue;
    const template = adapt(stackName, synthesised as Template);
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
  const s3 = s3Client();
  const file = path.join(directory, source.path);
  const body =
    source.packaging === "zip"
      ? zipSync(Object.fromEntries(filesOf(file).map((one) => [path.relative(file, one), readFileSync(one)])))
      : readFileSync(file);
  for (const { bucketName, objectKey } of Object.values(destinations)) {
    const Bucket = bucketName.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION);
    await s3.send(new CreateBucketCommand({ Bucket })).catch(() => {});
    await s3.send(new PutObjectCommand({ Bucket, Key: objectKey, Body: body }));
  }
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    return statSync(file).isDirectory() ? filesOf(file) : [file];
  });

/** A template beyond 51,200 bytes is taken from a bucket alone. Its URL. */
async function uploadTemplate(stackName: string, template: object): Promise<string> {
  const [s3, Bucket, Key] = [s3Client(), `templates-${ACCOUNT}`, `${stackName}.template.json`];
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
      return Object.fromEntries((stack?.Outputs ?? []).map((one) => [one.OutputKey ?? "", one.OutputValue ?? ""]));
    if (!status.endsWith("IN_PROGRESS")) {
      const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
      const failed = StackEvents.filter((one) => one.ResourceStatus?.includes("FAILED") === true);
      throw new Error(
        `${StackName} ${status}: ${failed.map((one) => `${one.LogicalResourceId} ${one.ResourceStatusReason}`).join("; ")}`,
      );
    }
    await sleep(100);
  }
}
