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
import { replaceAurora, type PostgresServer } from "./replace-aurora.ts";
import { validateRequests } from "./request-validation.ts";

export interface ApiAnswer {
  status: number;
  answer: Record<string, unknown>;
  headers: Headers;
}

/** A deployment on the emulator, without its monitoring stack. */
export interface Deployed {
  ministack: MiniStack;
  /** The URL of the API, with its stage. */
  url: string;
  /** The deployment's API key. */
  key: string;
  apiId: string;
  bucket: string;
  queue: string;
  stream: string;
  lambda: LambdaClient;
  /** Creates another API key, in its own usage plan. */
  newKey(throttle: ThrottleSettings): Promise<{ key: string; revoke(): Promise<void> }>;
  request(path: string, options?: RequestInit): Promise<ApiAnswer>;
}

const NAME = "flightline";

export interface CoreOptions {
  /** True: the emulator uses TLS and evaluates roles and policies. */
  strict?: boolean;
  /** Settings of the deployment. The default is an API key, DynamoDB and the Lambda consumer. */
  settings?: Record<string, unknown>;
  /** The PostgreSQL server, for settings that include PostgreSQL. */
  postgres?: PostgresServer;
  /** Changes the app before its deployment. */
  change?(app: App): void;
}

/** Starts MiniStack and deploys the templates of a real deployment. */
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
    postgres === undefined ? template : replaceAurora(stack, template, postgres),
  );
  const [data = {}, request = {}, stream = {}] = ["data", "request", "stream"].map((id) => outputs[`${NAME}-${id}`]);
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
      const all = { "x-api-key": key, "content-type": "application/json", ...(headers as Record<string, string>) };
      const response = await fetch(url + path, { ...rest, headers: all });
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

/** The emulator does not redeliver records that a function reports as failed. The tests deliver with `deliverAll` instead. */
async function stopStreamMapping(lambda: LambdaClient): Promise<void> {
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  for (const { UUID, EventSourceArn = "" } of EventSourceMappings)
    if (EventSourceArn.includes(":kinesis:")) await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
}
