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
import { deployment, newApp } from "../../../infra/deployment.ts";
import { readSettings } from "../../../infra/settings.ts";
import { deploy } from "./deploy.ts";
import { startMiniStack, type MiniStack } from "./ministack.ts";
import { validateRequests } from "./request-validation.ts";
import { withPostgres, type StandIn } from "./stand-in.ts";

export interface Answered {
  status: number;
  answer: Record<string, unknown>;
  headers: Headers;
}

/** A deployment's core in an emulator, and how to reach it. */
export interface Deployed {
  ministack: MiniStack;
  /** Of the API, with its stage. */
  url: string;
  key: string;
  apiId: string;
  bucket: string;
  queue: string;
  stream: string;
  lambda: LambdaClient;
  /** Another key, in a usage plan of its own. */
  newKey(throttle: ThrottleSettings): Promise<{ key: string; revoke(): Promise<void> }>;
  request(path: string, options?: RequestInit): Promise<Answered>;
}

const NAME = "flightline";

export interface CoreOptions {
  /** TLS, and roles and policies evaluated. */
  strict?: boolean;
  /** Of the deployment, over those of a test: keys, DynamoDB, the Lambda consumer. */
  settings?: Record<string, unknown>;
  /** PostgreSQL, where the settings name it. */
  postgres?: StandIn;
  /** Damages the app before it is deployed. */
  change?(app: App): void;
}

/** Starts MiniStack and deploys the very templates. */
export async function deployCore(options: CoreOptions = {}): Promise<Deployed> {
  const ministack = await startMiniStack({ strict: options.strict === true });
  try {
    return await deployOn(ministack, options);
  } catch (error) {
    await ministack.stop();
    throw error;
  }
}

async function deployOn(ministack: MiniStack, { settings = {}, postgres, change }: CoreOptions): Promise<Deployed> {
  Object.assign(process.env, ministack.env);
  const app = newApp({
    defaultStackSynthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
  deployment(app, readSettings({ name: NAME, auth: "apiKey", ...settings }));
  change?.(app);
  const { outputs, templates } = await deploy(app, (stack, template) =>
    postgres === undefined ? template : withPostgres(stack, template, postgres),
  );
  const [data = {}, request = {}, stream = {}] = ["data", "request", "stream"].map((of) => outputs[`${NAME}-${of}`]);
  const apiId = request["ApiId"] ?? "";
  await validateRequests(apiId, templates[`${NAME}-request`] ?? {});
  const lambda = new LambdaClient({});
  await stopStreamMapping(lambda);
  const { items = [] } = await new APIGatewayClient({}).send(new GetApiKeysCommand({ includeValues: true }));
  const key = items[0]?.value ?? "";
  const url = `${ministack.url}/_aws/execute-api/${apiId}/v1`;
  return {
    ministack,
    url,
    key,
    apiId,
    bucket: data["BucketName"] ?? "",
    queue: data["QueueUrl"] ?? "",
    stream: stream["StreamName"] ?? "",
    lambda,
    newKey: (throttle) => newKey(apiId, throttle),
    async request(path, { headers, ...rest } = {}) {
      const given = { "x-api-key": key, "content-type": "application/json", ...(headers as Record<string, string>) };
      const response = await fetch(url + path, { ...rest, headers: given });
      const answer = (await response.json()) as Record<string, unknown>;
      return { status: response.status, answer, headers: response.headers };
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
