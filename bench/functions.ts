import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { settingsEnvironment } from "../src/settings.ts";
import type { Row } from "./measure.ts";

const ENTRIES = "src/aws/lambda";
const RUNS = 5;
const env = {
  ...process.env,
  AWS_REGION: "us-east-1",
  ...settingsEnvironment({
    objects: "s3://bucket",
    database: "dynamodb:flightline",
    postgres: "postgres://flightline@localhost/flightline",
    stream: "kinesis:flightline",
  }),
};

/** Size of each function's bundle, with the options of the CDK app, and the time in which a new process imports it. */
export async function functions(): Promise<{ from: string; rows: Row[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-functions-"));
  const rows: Row[] = [];
  for (const entry of readdirSync(ENTRIES)) {
    const outfile = path.join(folder, entry.replace(".ts", ".mjs"));
    await build({
      entryPoints: [path.join(ENTRIES, entry)],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      format: "esm",
      target: "node24",
      mainFields: ["module", "main"],
      banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
      logLevel: "error",
    });
    const times = Array.from({ length: RUNS }, () => importMs(outfile)).sort((a, b) => a - b);
    const size = `${Math.round(statSync(outfile).size / 1024)} KiB`;
    rows.push({
      question: `function ${entry.replace(".ts", "")}, bundle and cold import`,
      ours: `${size}, ${Math.round(times[Math.floor(RUNS / 2)] ?? 0)} ms`,
      peer: "-",
      ratio: null,
      aim: "-",
      met: null,
    });
  }
  rmSync(folder, { recursive: true });
  return { from: ENTRIES, rows };
}

function importMs(file: string): number {
  const code = `const t=performance.now();await import(${JSON.stringify(pathToFileURL(file).href)});console.log(performance.now()-t);process.exit()`;
  return Number(
    execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      encoding: "utf8",
      env,
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
}
