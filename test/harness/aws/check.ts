import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { combinations } from "../../../infra/combinations.ts";
import { runGate } from "../../../infra/gate.ts";
import { areInstalled, installTools, tools } from "./tools.ts";

/** Verifies the deployment without an AWS account, and prints the time of each part. */
const times: string[] = [];
function part(name: string, work: () => void): void {
  const started = Date.now();
  console.log(`== ${name}`);
  work();
  times.push(`${name}: ${Math.round((Date.now() - started) / 1000)} s`);
}
const vitest = (...files: string[]): void =>
  void execFileSync("npx", ["vitest", "run", ...files], { stdio: "inherit", env: { ...process.env, CI: "true" } });

/** The CDK states dependencies that a reference already implies. This check of cfn-lint warns of them. */
const OBSOLETE_DEPENDS_ON = "W3005";

/** Applies cfn-lint to the templates of every combination of settings. A warning fails like an error. */
function lint(): void {
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-templates-"));
  for (const [i, { settings }] of combinations.entries())
    for (const [n, template] of runGate(settings).templates.entries())
      writeFileSync(path.join(folder, `${i}-${n}.template.json`), JSON.stringify(template));
  const strict = ["--non-zero-exit-code", "warning", "--ignore-checks", OBSOLETE_DEPENDS_ON];
  execFileSync(tools.cfnLint, [...strict, "--", `${folder}/*.json`], { stdio: "inherit" });
  rmSync(folder, { recursive: true });
}

part("tools", () => {
  if (!areInstalled()) installTools();
});
part("gate and seeded faults", () => vitest("infra"));
part("cfn-lint on all combinations of settings", lint);
part("adapters on emulators", () =>
  vitest(
    "test/conformance/aws",
    "test/conformance/dynamodb",
    "test/conformance/kinesis",
    "test/conformance/shard-scaling",
  ),
);
part("end to end on the emulator, without and with TLS and policies", () => vitest("test/e2e/aws"));
console.log(times.join("\n"));
