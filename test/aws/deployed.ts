import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  GetApiKeysCommand,
  type ThrottleSettings,
} from "@aws-sdk/client-api-gateway";
import { DeleteEventSourceMappingCommand, LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { DefaultStackSynthesizer, type App } from "aws-cdk-lib";
import { deployment, newApp } from "../../infra/deployment.ts";
import { readSettings } from "../../infra/settings.ts";
import { deploy } from "./deploy.ts";
import { startMiniStack, type MiniStack } from "./ministack.ts";

/** A deployment's core in an emulator, and how to reach it. */
export interface Deployed {
  ministack: MiniStack;
  /** Of the API, with its stage. */
  url: string;
  key: string;
  bucket: string;
  queue: string;
  stream: string;
  lambda: LambdaClient;
  /** Another key, in a usage plan of its own. */
  newKey(throttle: ThrottleSettings): Promise<{ key: string; revoke(): Promise<void> }>;
  request(path: string, options?: RequestInit): Promise<{ status: number; answer: Record<string, unknown> }>;
}

const NAME = "flightline";

export interface CoreOptions {
  /** TLS, and roles and policies evaluated. */
  strict?: boolean;
  /** Damages the app before it is deployed. */
  change?(app: App): void;
}

/** Starts MiniStack and deploys the very templates: data, request and stream with DynamoDB and the Lambda consumer. */
export async function deployCore({ strict = false, change = () => {} }: CoreOptions = {}): Promise<Deployed> {
  const ministack = await startMiniStack({ strict });
  try {
    return await deployOn(ministack, change);
  } catch (error) {
    await ministack.stop();
    throw error;
  }
}

async function deployOn(ministack: MiniStack, change: (app: App) => void): Promise<Deployed> {
  Object.assign(process.env, ministack.env);
  const app = newApp({
    defaultStackSynthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
  deployment(app, readSettings({ name: NAME, auth: "apiKey" }));
  change(app);
  const outputs = await deploy(app, [`${NAME}-data`, `${NAME}-request`, `${NAME}-stream`]);
  const { BucketName = "", QueueUrl = "" } = outputs[`${NAME}-data`] ?? {};
  const lambda = new LambdaClient({});
  await stopStreamMapping(lambda);
  const { items = [] } = await new APIGatewayClient({}).send(new GetApiKeysCommand({ includeValues: true }));
  const key = items[0]?.value ?? "";
  const url = `${ministack.url}/_aws/execute-api/${outputs[`${NAME}-request`]?.["ApiId"]}/v1`;
  return {
    ministack,
    url,
    key,
    bucket: BucketName,
    queue: QueueUrl,
    stream: outputs[`${NAME}-stream`]?.["StreamName"] ?? "",
    lambda,
    newKey: (throttle) => newKey(outputs[`${NAME}-request`]?.["ApiId"] ?? "", throttle),
    async request(path, { headers, ...rest } = {}) {
      const given = { "x-api-key": key, "content-type": "application/json", ...(headers as Record<string, string>) };
      const response = await fetch(url + path, { ...rest, headers: given });
      return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
    },
  };
}

async function newKey(apiId: string, throttle: ThrottleSettings): ReturnType<Deployed["newKey"]> {
  const client = new APIGatewayClient({});
  const plan = await client.send(
    new CreateUsagePlanCommand({ name: "slow", throttle, apiStages: [{ apiId, stage: "v1" }] }),
  );
  const key = await client.send(new CreateApiKeyCommand({ name: "slow", enabled: true }));
  await client.send(new CreateUsagePlanKeyCommand({ usagePlanId: plan.id, keyId: key.id, keyType: "API_KEY" }));
  return {
    key: key.value ?? "",
    revoke: async () => void (await client.send(new DeleteApiKeyCommand({ apiKey: key.id }))),
  };
}

/** The emulator's own delivery loses what a function did not take; the tests deliver as Lambda does. */
async function stopStreamMapping(lambda: LambdaClient): Promise<void> {
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  for (const { UUID, EventSourceArn = "" } of EventSourceMappings)
    if (EventSourceArn.includes(":kinesis:")) await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
}
