import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startTlsPostgres } from "../tls-postgres.ts";
import { installSpark, jdbcJar, missing, python, SPARKS } from "./tools.ts";

/**
 * Runs the tests of the Glue job on both Spark versions: npm run test:spark [-- [3.5 | 4.1] [pytest | stream] [pytest
 * arguments]]. The random rows of the parity tests are generated once. FLIGHTLINE_TEST_SEED=n generates the same rows again.
 */
const ROWS = process.env["FLIGHTLINE_TEST_PARITY_ROWS"] ?? "24000";

/** Runs of the streaming end-to-end test per version. The first one also tests the job's own Kinesis reader. */
const SEEDS = Number(process.env["FLIGHTLINE_TEST_SPARK_SEEDS"] ?? 2);

const lacking = missing();
if (lacking.length > 0) {
  console.error(`cannot run the tests of the Glue job: install ${lacking.join(", and ")}`);
  process.exit(2);
}
installSpark();

const words = process.argv.slice(2);
const isOneOf = (choices: readonly string[]) => (word: string) => choices.includes(word);
const names = Object.keys(SPARKS);
/** The choices that the command line names, or all of them. */
const selected = (choices: readonly string[]) =>
  words.some(isOneOf(choices)) ? words.filter(isOneOf(choices)) : choices;
const parts = selected(["pytest", "stream"]);
const pytestArguments = words.filter((word) => !isOneOf([...names, "pytest", "stream"])(word));
const folder = mkdtempSync(path.join(tmpdir(), "flightline-spark-"));
const seed = process.env["FLIGHTLINE_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 31));
const server = await startTlsPostgres(path.join(folder, "postgres"));
const env = {
  ...process.env,
  FLIGHTLINE_TEST_PARITY: path.join(folder, "parity"),
  FLIGHTLINE_TEST_POSTGRES_JAR: jdbcJar,
  FLIGHTLINE_TEST_POSTGRES: server.dsn,
  FLIGHTLINE_TEST_POSTGRES_CA: server.ca,
};
const failed: string[] = [];
function step(name: string, command: string, args: string[], cwd = "."): void {
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: "inherit", env, cwd });
  console.log(`${name}: ${status === 0 ? "passed" : "failed"}, ${Math.round((Date.now() - started) / 1000)} s`);
  if (status !== 0) failed.push(name);
}
try {
  step("ruff", python("spark-check"), ["-m", "ruff", "check", "glue", "bench"]);
  step("ruff format", python("spark-check"), ["-m", "ruff", "format", "--check", "glue", "bench"]);
  step("mypy", python("spark-check"), ["-m", "mypy", ".", "../bench"], "glue");
  step("imports", python("spark-check"), ["-m", "pytest", "--noconftest", "test_imports.py"], "glue");
  if (parts.includes("pytest"))
    step("rows", "npx", ["tsx", "test/harness/spark/dirty-rows.ts", env.FLIGHTLINE_TEST_PARITY, ROWS, seed]);
  for (const name of selected(names)) {
    if (parts.includes("pytest"))
      step(`pytest on Spark ${name}`, python(`spark-${name}`), ["-m", "pytest", ...pytestArguments], "glue");
    for (let n = 0; parts.includes("stream") && n < SEEDS; n++)
      step(`stream on Spark ${name}, seed ${Number(seed) + n}`, "npx", [
        ...["tsx", "test/harness/spark/stream.ts", name, String(Number(seed) + n), server.dsn],
        ...(n === 0 ? ["own-reader"] : []),
      ]);
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(", ")}; FLIGHTLINE_TEST_SEED=${seed} repeats the run`);
  process.exitCode = 1;
}
