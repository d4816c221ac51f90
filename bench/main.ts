import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { missing } from "../test/harness/spark/tools.ts";
import { cleaning } from "./clean.ts";
import { command } from "./command.ts";
import { functions } from "./functions.ts";
import type { Row } from "./measure.ts";
import { page } from "./page.ts";
import { parquet } from "./parquet.ts";
import { posting } from "./post.ts";
import { loading } from "./postgres.ts";
import { plans, spark } from "./spark.ts";
import { streaming } from "./stream.ts";

/**
 * `npm run bench [-- QUESTION...]` prints a table and writes bench/results/QUESTION.json. Without arguments it asks all
 * questions but `page`, which takes half an hour, and leaves out `spark` on a machine that cannot run it.
 */
const questions: Record<string, () => Promise<{ from: string; rows: Row[] }>> = {
  clean: cleaning,
  parquet,
  post: posting,
  postgres: loading,
  stream: streaming,
  command,
  functions,
  spark,
  page,
  plans,
};

const requested = process.argv.slice(2);
const unknown = requested.filter((name) => !(name in questions));
if (unknown.length > 0)
  throw new Error(`unknown question ${unknown.join(", ")}: use some of ${Object.keys(questions).join(", ")}`);
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
const { devDependencies, dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as Record<
  string,
  Record<string, string>
>;
const machine = {
  cpu: os.cpus()[0]?.model,
  cores: os.cpus().length,
  memory_gib: Math.round(os.totalmem() / 2 ** 30),
  node: process.version,
  platform: `${os.platform()} ${os.arch()}`,
};

mkdirSync("bench/results", { recursive: true });
console.log(`| question | Flightline | peer | ratio | aim | met |\n|---|---|---|---|---|---|`);
for (const [name, run] of Object.entries(questions)) {
  if (requested.length > 0 ? !requested.includes(name) : name === "page") continue;
  const lacking = requested.length === 0 && name === "spark" ? missing() : [];
  if (lacking.length > 0) {
    console.error(`question spark left out: it needs ${lacking.join(" and ")}`);
    continue;
  }
  const { from, rows } = await run();
  if (rows.length === 0) continue;
  for (const { question, ours, peer, ratio, aim, met } of rows)
    console.log(
      `| ${question} | ${ours} | ${peer} | ${ratio?.toFixed(2) ?? ""} | ${aim} | ${met === null ? "" : met ? "yes" : "no"} |`,
    );
  const result = {
    date: new Date().toISOString(),
    commit,
    machine,
    packages: {
      ...dependencies,
      zod: devDependencies?.["zod"],
      fastify: devDependencies?.["fastify"],
      duckdb: devDependencies?.["@duckdb/node-api"],
    },
    from,
    rows,
  };
  writeFileSync(`bench/results/${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}
process.exit(0);
