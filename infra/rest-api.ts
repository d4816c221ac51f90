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
import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { routes } from "../src/flow/api/api.ts";
import { responses } from "../src/flow/api/openapi.ts";
import { apiModels } from "./api-models.ts";
import type { DataStack } from "./data-stack.ts";
import type { Settings } from "./settings.ts";

/** Requests a second that the API takes, and at once. A body may carry thousands of rows. */
export const RATE = 50;
export const BURST = 100;
const A_DAY = 1_000_000;

/** The REST API: every route of the handler as a resource, with the models and parameters that its document names. */
export function restApi(scope: Construct, settings: Settings, of: { data: DataStack; handler: IFunction }): RestApi {
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
      accessLogDestination: new LogGroupLogDestination(accessLog(scope, settings, of.data)),
      accessLogFormat: AccessLogFormat.custom(JSON.stringify(logged)),
    },
  });
  gatewayAnswers(api);
  addMethods(api, settings, of.handler);
  return api;
}

/** What a line of the access log says: no key and no body. */
const logged = {
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

/** What the gateway itself answers has the shape of the handler's errors. */
function gatewayAnswers(api: RestApi): void {
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
    resource.addMethod(route.method, integration, { ...access, ...described(route, { models, validator }) });
  }
  if (auth === "apiKey") addKey(api);
}

type Route = (typeof routes)[number];
const places = { query: "querystring", path: "path", header: "header" } as const;

/** Parameters and models of a route. A body is judged by the handler alone: it may be NDJSON, CSV or gzip. */
function described(
  { method, path, parameters }: Route,
  { models, validator }: { models: Record<string, IModel>; validator: IRequestValidator },
): MethodOptions {
  const answer = responses[`${method} ${path}`];
  const modelOf = (name: string) => ({ responseModels: { "application/json": models[name] as IModel } });
  return {
    requestValidator: validator,
    requestParameters: Object.fromEntries(
      parameters.map((one) => [`method.request.${places[one.in]}.${one.name}`, one.in === "path"]),
    ),
    ...(method === "POST" ? { requestModels: { "application/json": models["RawRow"] as IModel } } : {}),
    methodResponses: [
      { statusCode: answer?.status ?? "200", ...(answer === undefined ? {} : modelOf(answer.model)) },
      ...["400", "403", "404", "429", "500", "503"].map((statusCode) => ({ statusCode, ...modelOf("Problem") })),
    ],
  };
}

function addKey(api: RestApi): void {
  const key = api.addApiKey("Key");
  const plan = api.addUsagePlan("Plan", {
    throttle: { rateLimit: RATE, burstLimit: BURST },
    quota: { limit: A_DAY, period: Period.DAY },
  });
  plan.addApiKey(key);
  plan.addApiStage({ api, stage: api.deploymentStage });
  new CfnOutput(Stack.of(api), "ApiKeyId", { value: key.keyId });
}
