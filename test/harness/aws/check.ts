import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { combinations } from "../../../infra/combinations.ts";
import { judge } from "../../../infra/gate.ts";
import { areInstalled, installTools, tools } from "./tools.ts";

/** Everything that shows without an account that a deployment holds; says how long each part took. */
const times: string[] = [];
function part(name: string, work: () => void): void {
  const begun = Date.now();
  console.log(`== ${name}`);
  work();
  times.push(`${name}: ${Math.round((Date.now() - begun) / 1000)} s`);
}
const vitest = (...files: string[]): void =>
  void execFileSync("npx", ["vitest", "run", ...files], { stdio: "inherit", env: { ...process.env, CI: "true" } });

/** Of dependencies that the library states though a reference already makes them. */
const SUPERFLUOUS = "W3005";

/** Every combination's templates through cfn-lint; a warning ends it as an error does. */
function lint(): void {
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-templates-"));
  for (const [i, { given }] of combinations.entries())
    for (const [n, template] of judge(given).templates.entries())
      writeFileSync(path.join(folder, `${i}-${n}.template.json`), JSON.stringify(template));
  const strict = ["--non-zero-exit-code", "warning", "--ignore-checks", SUPERFLUOUS];
  execFileSync(tools.cfnLint, [...strict, "--", `${folder}/*.json`], { stdio: "inherit" });
  rmSync(folder, { recursive: true });
}

part("tools", () => {
  if (!areInstalled()) installTools();
});
part("gate and mutations", () => vitest("infra"));
part("cfn-lint on all combinations", lint);
part("adapters on emulators", () =>
  vitest(
    "test/conformance/aws",
    "test/conformance/dynamodb",
    "test/conformance/kinesis",
    "test/conformance/shard-scaling",
  ),
);
part("end to end on the emulator, plain and strict", () => vitest("test/e2e/aws"));
console.log(times.join("\n"));
