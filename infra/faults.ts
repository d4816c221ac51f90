import { PREFIXES } from "../src/flow/objects/keys.ts";
import { CfnResource, type App } from "aws-cdk-lib";

/** An L1 construct's properties, to be damaged. */
export type Damaged = CfnResource & Record<string, unknown>;

/** The resource of a type whose path contains the words. */
export function find(app: App, type: string, path: string): Damaged {
  const found = app.node
    .findAll()
    .find((one) => CfnResource.isCfnResource(one) && one.cfnResourceType === type && one.node.path.includes(path));
  if (found === undefined) throw new Error(`there is no ${type} at ${path}`);
  return found as Damaged;
}
export const set =
  (type: string, path: string, values: Record<string, unknown>) =>
  (app: App): void =>
    void Object.assign(find(app, type, path), values);

/** Adds a statement to the handler's role. */
export const permit = (statement: object) => (app: App) => {
  const role = find(app, "AWS::IAM::Role", "request/HandlerRole");
  const PolicyDocument = { Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] };
  role["policies"] = [...(role["policies"] as object[]), { policyName: "more", policyDocument: PolicyDocument }];
};
export const OBJECT = `arn:aws:s3:::bucket/${PREFIXES.raw}one`;

/** A policy for everybody. */
export const anybody = (Action: string, Resource: string | undefined) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action, ...(Resource === undefined ? {} : { Resource }) }],
});

/** Adds an environment variable to the handler. */
export const tell = (variables: Record<string, string>) => (app: App) => {
  find(app, "AWS::Lambda::Function", "request/Handler")["environment"] = { variables };
};

export interface Fault {
  fault: string;
  /** Settings of a deployment that has what is damaged. */
  given?: Record<string, unknown>;
  change(app: App): void;
  /** What must catch it, as its name begins or contains. */
  by: string;
}
