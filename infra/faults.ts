import { CfnResource, type App } from "aws-cdk-lib";
import { PREFIXES } from "../src/flow/objects/keys.ts";

/** A seeded fault: damage to a deployment that a named rule must find. Each proves that its rule can fail. */
export interface Fault {
  fault: string;
  /** Settings of a deployment that has the damaged resource. */
  settings?: Record<string, unknown>;
  damage(app: App): void;
  /** Part of the name of the rule that must find the fault. */
  rule: string;
}

/** An L1 construct whose properties may be changed. */
export type MutableResource = CfnResource & Record<string, unknown>;

/** The first resource of a CloudFormation type whose path contains `path`. Throws when there is none. */
export function findResource(app: App, type: string, path: string): MutableResource {
  const resource = app.node
    .findAll()
    .find(
      (construct) =>
        CfnResource.isCfnResource(construct) &&
        construct.cfnResourceType === type &&
        construct.node.path.includes(path),
    );
  if (resource === undefined) throw new Error(`the app has no resource of type ${type} at a path with ${path}`);
  return resource as MutableResource;
}
export const setProperties =
  (type: string, path: string, values: Record<string, unknown>) =>
  (app: App): void =>
    void Object.assign(findResource(app, type, path), values);

/** Adds a statement to the handler's role. */
export const addPermission = (statement: object) => (app: App) => {
  const role = findResource(app, "AWS::IAM::Role", "request/HandlerRole");
  const PolicyDocument = { Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] };
  role["policies"] = [...(role["policies"] as object[]), { policyName: "more", policyDocument: PolicyDocument }];
};
export const OBJECT_ARN = `arn:aws:s3:::bucket/${PREFIXES.raw}one`;

/** A policy that allows an action to every principal. */
export const publicPolicy = (Action: string, Resource: string | undefined) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action, ...(Resource === undefined ? {} : { Resource }) }],
});

/** Replaces the handler's environment variables. */
export const setEnvironment = (variables: Record<string, string>) => (app: App) => {
  findResource(app, "AWS::Lambda::Function", "request/Handler")["environment"] = { variables };
};
