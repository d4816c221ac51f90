import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Validations, type App, type IPolicyValidationPlugin, type PolicyValidationPluginReport } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { acknowledge } from "./acknowledged.ts";
import { violations, type Template } from "./assertions.ts";
import { deployment, newApp } from "./deployment.ts";
import { readSettings } from "./settings.ts";

/** What the gate made of a deployment. */
export interface Judged {
  /** Names of the rules that caught something: cdk-nag's, the library's own, and ours. */
  caught: string[];
  /** Every finding of cdk-nag, also those that are acknowledged: rule and path. */
  findings: { rule: string; path: string }[];
  templates: Template[];
}

/** Synthesises a deployment under all rules, nothing bundled. `change` may damage it first. */
export function judge(given: Record<string, unknown>, change: (app: App) => void = () => {}): Judged {
  const settings = readSettings(given);
  const app = newApp({ context: { "aws:cdk:bundling-stacks": [] } });
  deployment(app, settings);
  change(app);
  acknowledge(app, settings.name);
  const findings: Judged["findings"] = [];
  for (const checks of [new AwsSolutionsChecks(app), new ServerlessChecks(app)])
    Validations.of(app).addPlugins(listening(checks, findings));
  const caught: string[] = [];
  try {
    app.synth();
  } catch (error) {
    caught.push(...rulesOf(error instanceof Error ? error.message : String(error)));
  }
  // a synthesis that its rules refused has written them all the same
  const templates = readdirSync(app.outdir)
    .filter((file) => file.endsWith(".template.json"))
    .map((file) => JSON.parse(readFileSync(path.join(app.outdir, file), "utf8")) as Template);
  caught.push(...violations(templates).map(({ rule, resource }) => `${rule} (${resource})`));
  return { caught: [...new Set(caught)], findings, templates };
}

/** The same checks, their findings written down. */
function listening(checks: IPolicyValidationPlugin, into: Judged["findings"]): IPolicyValidationPlugin {
  return {
    name: checks.name,
    validate(context): PolicyValidationPluginReport {
      const report = checks.validate(context);
      for (const { ruleName, violatingResources } of report.violations)
        for (const { constructPath = "" } of violatingResources) into.push({ rule: ruleName, path: constructPath });
      return report;
    },
  };
}

/** The identities of rules in the message of a synthesis that was refused. */
function rulesOf(message: string): string[] {
  const named = [...message.matchAll(/Acknowledge with '([^']+)'/g)].map(([, rule]) => rule ?? "");
  return named.length > 0 ? named : [message.slice(0, 300)];
}
