import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  AccessLogField,
  AccessLogFormat,
  ApiKeySourceType,
  AuthorizationType,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  ResponseType,
  RestApi,
  type IModel,
  type IRequestValidator,
  Period,
  type MethodOptions,
} from "aws-cdk-lib/aws-apigateway";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { routes } from "../src/flow/api/api.ts";
import { responses } from "../src/flow/api/openapi.ts";
import { apiModels } from "./api-models.ts";
import type { DataStack } from "./data-stack.ts";
import type { Settings } from "./settings.ts";

/** Requests a second that the API accepts. A body may contain thousands of rows. */
const RATE = 50;
/** Concurrent requests that the API accepts. */
const BURST = 100;
/** Requests a day of an API key. */
const QUOTA = 1_000_000;

/** The REST API. Every route of the handler becomes a method, with its parameters and models from the OpenAPI document. */
export function restApi(
  scope: Construct,
  settings: Settings,
  { data, handler }: { data: DataStack; handler: IFunction },
): RestApi {
  const api = new RestApi(scope, "Api", {
    restApiName: settings.name,
    endpointTypes: [EndpointType.REGIONAL],
    cloudWatchRole: settings.accountRole,
    apiKeySourceType: ApiKeySourceType.HEADER,
    binaryMediaTypes: ["*/*"],
    deployOptions: {
      stageName: "v1",
      tracingEnabled: true,
      metricsEnabled: true,
      throttlingRateLimit: RATE,
      throttlingBurstLimit: BURST,
      accessLogDestination: new LogGroupLogDestination(accessLog(scope, settings, data)),
      accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
    },
  });
  addGatewayResponses(api);
  addMethods(api, settings, handler);
  return api;
}

/** The fields of an access log line. Keys and bodies are not logged. */
const accessLogFields = {
  request: AccessLogField.contextRequestId(),
  time: AccessLogField.contextRequestTimeEpoch(),
  method: AccessLogField.contextHttpMethod(),
  resource: AccessLogField.contextResourcePath(),
  status: AccessLogField.contextStatus(),
  ms: AccessLogField.contextResponseLatency(),
  bytes: AccessLogField.contextResponseLength(),
  error: AccessLogField.contextErrorResponseType(),
};

const accessLog = (scope: Construct, { name, retentionDays }: Settings, { key }: DataStack): LogGroup =>
  new LogGroup(scope, "AccessLog", {
    logGroupName: `/flightline/${name}/access`,
    retention: retentionDays.logs,
    encryptionKey: key,
    removalPolicy: RemovalPolicy.DESTROY,
  });

/** Errors that API Gateway answers on its own get the shape of the handler's errors. */
function addGatewayResponses(api: RestApi): void {
  const body = { error: { code: "$context.error.responseType", message: "$context.error.message" } };
  const templates = { "application/json": JSON.stringify(body) };
  api.addGatewayResponse("ClientError", { type: ResponseType.DEFAULT_4XX, templates });
  api.addGatewayResponse("ServerError", { type: ResponseType.DEFAULT_5XX, templates });
  api.addGatewayResponse("Throttled", {
    type: ResponseType.THROTTLED,
    statusCode: "429",
    responseHeaders: { "Retry-After": "'1'" },
    templates,
  });
}

function addMethods(api: RestApi, { auth }: Settings, handler: IFunction): void {
  const models = apiModels(api);
  const validator = api.addRequestValidator("Parameters", { validateRequestParameters: true });
  const integration = new LambdaIntegration(handler, { allowTestInvoke: false });
  const access: MethodOptions =
    auth === "iam"
      ? { authorizationType: AuthorizationType.IAM }
      : { authorizationType: AuthorizationType.NONE, apiKeyRequired: true };
  for (const route of routes) {
    const resource = api.root.resourceForPath(route.path);
    resource.addMethod(route.method, integration, { ...access, ...methodOptions(route, { models, validator }) });
  }
  if (auth === "apiKey") addApiKey(api);
}

type Route = (typeof routes)[number];
/** API Gateway's names for the locations of parameters. */
const locations = { query: "querystring", path: "path", header: "header" } as const;

/** Parameters and models of a route. Only the handler validates bodies, because a body may be NDJSON, CSV or gzip. */
function methodOptions(
  { method, path, parameters }: Route,
  { models, validator }: { models: Record<string, IModel>; validator: IRequestValidator },
): MethodOptions {
  const answer = responses[`${method} ${path}`];
  const modelOf = (name: string) => ({ responseModels: { "application/json": models[name] as IModel } });
  return {
    requestValidator: validator,
    requestParameters: Object.fromEntries(
      parameters.map((parameter) => [
        `method.request.${locations[parameter.in]}.${parameter.name}`,
        parameter.in === "path",
      ]),
    ),
    ...(method === "POST" ? { requestModels: { "application/json": models["RawRow"] as IModel } } : {}),
    methodResponses: [
      { statusCode: answer?.status ?? "200", ...(answer === undefined ? {} : modelOf(answer.model)) },
      ...["400", "403", "404", "429", "500", "503"].map((statusCode) => ({ statusCode, ...modelOf("Problem") })),
    ],
  };
}

function addApiKey(api: RestApi): void {
  const key = api.addApiKey("Key");
  const plan = api.addUsagePlan("Plan", {
    throttle: { rateLimit: RATE, burstLimit: BURST },
    quota: { limit: QUOTA, period: Period.DAY },
  });
  plan.addApiKey(key);
  plan.addApiStage({ api, stage: api.deploymentStage });
  new CfnOutput(Stack.of(api), "ApiKeyId", { value: key.keyId });
}
