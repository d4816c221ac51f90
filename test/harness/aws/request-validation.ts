import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRequestValidatorCommand,
  GetResourcesCommand,
  UpdateMethodCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import type { Template } from "../../../infra/assertions.ts";

/**
 * Sets the template's request validator on the methods of an emulated API, because the emulator's CloudFormation ignores it.
 * Returns these methods. Throws when their number differs from the template's.
 */
export async function validateRequests(restApiId: string, { Resources = {} }: Template): Promise<string[]> {
  const client = new APIGatewayClient({});
  const resources = Object.values(Resources);
  const flags = resources.find(({ Type }) => Type === "AWS::ApiGateway::RequestValidator")?.Properties ?? {};
  const { id } = await client.send(
    new CreateRequestValidatorCommand({
      restApiId,
      validateRequestParameters: flags["ValidateRequestParameters"] === true,
      validateRequestBody: flags["ValidateRequestBody"] === true,
    }),
  );
  const methods = resources.filter(
    ({ Type, Properties = {} }) => Type === "AWS::ApiGateway::Method" && "RequestValidatorId" in Properties,
  );
  const set: string[] = [];
  const { items = [] } = await client.send(new GetResourcesCommand({ restApiId, limit: 500, embed: ["methods"] }));
  for (const { id: resourceId, path, resourceMethods = {} } of items)
    for (const httpMethod of Object.keys(resourceMethods)) {
      const patchOperations = [{ op: "replace" as const, path: "/requestValidatorId", value: id }];
      await client.send(new UpdateMethodCommand({ restApiId, resourceId, httpMethod, patchOperations }));
      set.push(`${httpMethod} ${path}`);
    }
  if (set.length !== methods.length)
    throw new Error(`the template validates ${methods.length} methods, but the API has ${set.join(", ")}`);
  await redeploy(restApiId);
  return set;
}

/** Makes a parameter of a GET method required. In Flightline's API only path parameters are required. */
export async function requireParameter(restApiId: string, path: string, parameter: string): Promise<void> {
  const client = new APIGatewayClient({});
  const { items = [] } = await client.send(new GetResourcesCommand({ restApiId, limit: 500 }));
  const resourceId = items.find((item) => item.path === path)?.id;
  const patchOperations = [{ op: "replace" as const, path: `/requestParameters/${parameter}`, value: "true" }];
  await client.send(new UpdateMethodCommand({ restApiId, resourceId, httpMethod: "GET", patchOperations }));
  await redeploy(restApiId);
}

async function redeploy(restApiId: string): Promise<void> {
  const client = new APIGatewayClient({});
  const { id } = await client.send(new CreateDeploymentCommand({ restApiId }));
  const patchOperations = [{ op: "replace" as const, path: "/deploymentId", value: id }];
  await client.send(new UpdateStageCommand({ restApiId, stageName: "v1", patchOperations }));
}
