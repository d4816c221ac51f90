import { derivedFiles } from "../flight/derived.ts";
import { statement } from "../postgres/statements.ts";
import { planStatements, planText, sparkPlan, type Plan } from "../spark/plan.ts";

/** The plan of the Glue job, from this checkout's contract and statements. */
export const currentPlan = (): Plan =>
  sparkPlan(
    Object.fromEntries(planStatements.map((name) => [name, statement(name)])) as Parameters<typeof sparkPlan>[0],
  );

/** All files of a checkout that derive from the contract. */
export const checkedInFiles = (): { file: string; content: string }[] => [
  ...derivedFiles(),
  { file: "glue/plan.json", content: planText(currentPlan()) },
];
