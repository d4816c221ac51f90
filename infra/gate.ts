import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Validations, type App, type IPolicyValidationPlugin, type PolicyValidationPluginReport } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { acknowledge } from "./acknowledged.ts";
import { violations, type Template } from "./assertions.ts";
import { deployment, newApp } from "./deployment.ts";
import { readSettings } from "./settings.ts";

/** A deployment's templates, and the rules that they violate. */
export interface GateResult {
  /** Names of the violated rules: those of cdk-nag, of the CDK and of this project. */
  violated: string[];
  /** Every finding of cdk-nag, also the acknowledged ones. */
  findings: { rule: string; path: string }[];
  templates: Template[];
}

/**
 * Synthesizes a deployment and applies all rules to it. The functions' code is not bundled. `settings` are those of
 * `flightline.settings.json`. `damage` may change the app before the rules see it. Throws `SettingsError`.
 */
export function runGate(settings: Record<string, unknown>, damage: (app: App) => void = () => {}): GateResult {
  const checked = readSettings(settings);
  const app = newApp({ context: { "aws:cdk:bundling-stacks": [] } });
  deployment(app, checked);
  damage(app);
  acknowledge(app, checked.name);
  const findings: GateResult["findings"] = [];
  for (const checks of [new AwsSolutionsChecks(app), new ServerlessChecks(app)])
    Validations.of(app).addPlugins(recordFindings(checks, findings));
  const violated: string[] = [];
  try {
    app.synth();
  } catch (error) {
    violated.push(...rulesIn(error instanceof Error ? error.message : String(error)));
  }
  // the CDK writes the templates also when a rule fails
  const templates = readdirSync(app.outdir)
    .filter((file) => file.endsWith(".template.json"))
    .map((file) => JSON.parse(readFileSync(path.join(app.outdir, file), "utf8")) as Template);
  violated.push(...violations(templates).map(({ rule, resource }) => `${rule} (${resource})`));
  return { violated: [...new Set(violated)], findings, templates };
}

/** The same checks, which also add their findings to `findings`. */
function recordFindings(checks: IPolicyValidationPlugin, findings: GateResult["findings"]): IPolicyValidationPlugin {
  return {
    name: checks.name,
    validate(context): PolicyValidationPluginReport {
      const report = checks.validate(context);
      for (const { ruleName, violatingResources } of report.violations)
        for (const { constructPath = "" } of violatingResources) findings.push({ rule: ruleName, path: constructPath });
      return report;
    },
  };
}

/** The ids of the rules in the message of a failed synthesis. */
function rulesIn(message: string): string[] {
  const ids = [...message.matchAll(/Acknowledge with '([^']+)'/g)].map(([, rule]) => rule ?? "");
  return ids.length > 0 ? ids : [message.slice(0, 300)];
}
