import type { Template } from "../../../infra/assertions.ts";
import { asObject, type Resource } from "../../../infra/template.ts";

/** A PostgreSQL server that replaces Aurora in a test. */
export interface PostgresServer {
  /** URL of the owner, as which the migration logs in. */
  owner: string;
  /** URL of the role, as which the other functions log in. */
  role: string;
  /** File of the certificate authority. */
  ca: string;
}

type StackTemplate = Template & { Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }> };

/** A stack's template with another PostgreSQL, because the emulator has no Aurora. The rest of the template is unchanged. */
export function replaceAurora(stack: string, template: StackTemplate, server: PostgresServer): StackTemplate {
  const replaced = stack.endsWith("-database") ? onlyMigration(template) : template;
  for (const { Type, Properties = {} } of Object.values(replaced.Resources ?? {})) {
    const variables = asObject(asObject(Properties["Environment"])["Variables"]);
    if (Type !== "AWS::Lambda::Function" || variables["FLIGHTLINE_POSTGRES"] === undefined) continue;
    const isOwner = variables["FLIGHTLINE_POSTGRES_AUTH"] !== "iam";
    variables["FLIGHTLINE_POSTGRES"] = isOwner ? server.owner : server.role;
    variables["FLIGHTLINE_POSTGRES_AUTH"] = "dsn";
    variables["FLIGHTLINE_POSTGRES_CA"] = server.ca;
  }
  return replaced;
}

/** The database stack with only the migration's function. Its outputs stay, because other stacks import them. */
function onlyMigration({ Resources = {}, Outputs = {} }: StackTemplate): StackTemplate {
  const migration = Object.entries(Resources).filter(([id]) => id.startsWith("Migrate"));
  for (const [, resource] of migration) {
    delete (resource as Resource & { DependsOn?: unknown }).DependsOn;
    delete resource.Properties?.["VpcConfig"];
    // the policies refer to Aurora and its secret
    delete resource.Properties?.["Policies"];
  }
  return {
    Resources: Object.fromEntries(migration),
    Outputs: Object.fromEntries(
      Object.entries(Outputs).map(([id, output]) => [
        id,
        id.startsWith("Migrate") ? output : { ...output, Value: "none" },
      ]),
    ),
  };
}
