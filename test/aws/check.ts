import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { judge } from "../../infra/gate.ts";
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

const engines = ["glue", "lambda"];
const databases = ["none", "dynamodb", "postgres", "both"];
const streams = ["on-demand", { shards: 1, maxShards: 8 }];

/** Every combination's templates through cfn-lint; warnings are shown, errors end it. */
function lint(): void {
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-templates-"));
  for (const engine of engines)
    for (const database of databases)
      for (const [i, stream] of streams.entries()) {
        const at = path.join(folder, `${engine}-${database}-${i}`);
        mkdirSync(at);
        const { templates } = judge({ engine, database, stream, poller: "opensky", alarmEmail: "a@example.org" });
        for (const [n, template] of templates.entries())
          writeFileSync(path.join(at, `${n}.template.json`), JSON.stringify(template));
      }
  execFileSync(tools.cfnLint, ["--non-zero-exit-code", "error", "--", `${folder}/*/*.json`], { stdio: "inherit" });
  rmSync(folder, { recursive: true });
}

part("tools", () => {
  if (!areInstalled()) installTools();
});
part("gate and mutations", () => vitest("infra"));
part("cfn-lint on all combinations", lint);
part("emulator, adapters and end to end", () =>
  vitest("test/conformance/aws.test.ts", "test/e2e/aws.test.ts", "test/e2e/aws-strict.test.ts"),
);
console.log(times.join("\n"));
