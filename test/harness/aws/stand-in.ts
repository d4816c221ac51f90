import type { Template } from "../../../infra/assertions.ts";
import { members, type Resource } from "../../../infra/template.ts";

/** Where functions find PostgreSQL: the owner's way for the migration, the role's for the others. */
export interface StandIn {
  owner: string;
  role: string;
  ca: string;
}

type Exporting = Template & { Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }> };

/** The templates with another PostgreSQL, since the emulator knows no Aurora. All else is as AWS gets it. */
export function withPostgres(stack: string, template: Exporting, to: StandIn): Exporting {
  const of = stack.endsWith("-database") ? migrationAlone(template) : template;
  for (const { Type, Properties = {} } of Object.values(of.Resources ?? {})) {
    const variables = members(members(Properties["Environment"])["Variables"]);
    if (Type !== "AWS::Lambda::Function" || variables["FLIGHTLINE_POSTGRES"] === undefined) continue;
    const isOwners = variables["FLIGHTLINE_POSTGRES_AUTH"] !== "iam";
    variables["FLIGHTLINE_POSTGRES"] = isOwners ? to.owner : to.role;
    variables["FLIGHTLINE_POSTGRES_AUTH"] = "dsn";
    variables["FLIGHTLINE_POSTGRES_CA"] = to.ca;
  }
  return of;
}

/** Of the database's stack the migration's function, and names that other stacks import. */
function migrationAlone({ Resources = {}, Outputs = {} }: Exporting): Exporting {
  const kept = Object.entries(Resources).filter(([id]) => id.startsWith("Migrate"));
  for (const [, one] of kept) {
    delete (one as Resource & { DependsOn?: unknown }).DependsOn;
    delete one.Properties?.["VpcConfig"];
    // they name Aurora and its secret
    delete one.Properties?.["Policies"];
  }
  return {
    Resources: Object.fromEntries(kept),
    Outputs: Object.fromEntries(
      Object.entries(Outputs).map(([id, one]) => [id, id.startsWith("Migrate") ? one : { ...one, Value: "none" }]),
    ),
  };
}
