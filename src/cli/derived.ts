import { fieldTable, jsonSchemas } from "../flight/documents.ts";
import { routes } from "../flow/api/api.ts";
import { openApi } from "../flow/api/openapi.ts";
import { statement } from "../postgres/statements.ts";
import { settingsDocument } from "../settings.ts";
import { planStatements, planText, sparkPlan, type Plan } from "../spark/plan.ts";

/** The plan of the Glue job, from the contract and the SQL statements of this version. */
export const currentPlan = (): Plan =>
  sparkPlan(
    Object.fromEntries(planStatements.map((name) => [name, statement(name)])) as Parameters<typeof sparkPlan>[0],
  );

/** The checked-in files that derive from code. A test fails if one is stale. */
export const checkedInFiles = (): { file: string; content: string }[] => [
  { file: "docs/record.md", content: fieldTable() },
  { file: "docs/record.schema.json", content: jsonSchemas() },
  { file: "docs/settings.md", content: settingsDocument() },
  { file: "docs/openapi.json", content: `${JSON.stringify(openApi(routes), null, 2)}\n` },
  { file: "glue/plan.json", content: planText(currentPlan()) },
];
