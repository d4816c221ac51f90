import { CfnModel, type IModel, type IRestApi } from "aws-cdk-lib/aws-apigateway";
import { models } from "../src/flow/api/openapi.ts";

/** Creates the API's models, as JSON Schemas of draft 4, the only draft that API Gateway reads. Returns them by name. */
export function apiModels(api: IRestApi): Record<string, IModel> {
  return Object.fromEntries(
    Object.entries(models).map(([name, schema]) => {
      const model = new CfnModel(api, `Model${name}`, {
        restApiId: api.restApiId,
        name,
        contentType: "application/json",
        schema: { $schema: "http://json-schema.org/draft-04/schema#", title: name, ...schema },
      });
      return [name, { modelId: model.ref }];
    }),
  );
}
