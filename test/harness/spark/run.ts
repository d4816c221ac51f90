import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startTlsPostgres } from "../tls-postgres.ts";
import { installSpark, jdbcJar, missing, python, SPARKS } from "./tools.ts";

/**
 * The tests of the Glue job, on both Spark versions: npm run test:spark [-- 3.5 | 4.1] [pytest | stream] [words for pytest].
 * The rows that both engines are compared on are made once; FLIGHTLINE_SEED=n makes the same again.
 */
const ROWS = process.env["FLIGHTLINE_PARITY_ROWS"] ?? "24000";

/** Of the streaming end to end, a version; the first one also plays the job's own reader of Kinesis. */
const SEEDS = Number(process.env["FLIGHTLINE_SPARK_SEEDS"] ?? 2);

const lacking = missing();
if (lacking.length > 0) {
  console.error(`The tests of the Glue job need ${lacking.join(", and ")}.`);
  process.exit(2);
}
installSpark();

const given = process.argv.slice(2);
const isOneOf = (words: readonly string[]) => (word: string) => words.includes(word);
const names = Object.keys(SPARKS);
const some = (words: readonly string[]) => (given.some(isOneOf(words)) ? given.filter(isOneOf(words)) : words);
const parts = some(["pytest", "stream"]);
const forPytest = given.filter((word) => !isOneOf([...names, "pytest", "stream"])(word));
const folder = mkdtempSync(path.join(tmpdir(), "flightline-spark-"));
const seed = process.env["FLIGHTLINE_SEED"] ?? String(Math.floor(Math.random() * 2 ** 31));
const server = await startTlsPostgres(path.join(folder, "postgres"));
const env = {
  ...process.env,
  FLIGHTLINE_PARITY: path.join(folder, "parity"),
  FLIGHTLINE_POSTGRES_JAR: jdbcJar,
  FLIGHTLINE_TEST_POSTGRES: server.dsn,
  FLIGHTLINE_TEST_POSTGRES_CA: server.ca,
};
const failed: string[] = [];
function step(name: string, command: string, args: string[], cwd = "."): void {
  const begun = Date.now();
  const { status } = spawnSync(command, args, { stdio: "inherit", env, cwd });
  console.log(`${name}: ${status === 0 ? "passed" : "failed"}, ${Math.round((Date.now() - begun) / 1000)} s`);
  if (status !== 0) failed.push(name);
}
try {
  step("ruff", python("spark-check"), ["-m", "ruff", "check", "glue", "bench"]);
  step("ruff format", python("spark-check"), ["-m", "ruff", "format", "--check", "glue", "bench"]);
  step("mypy", python("spark-check"), ["-m", "mypy", ".", "../bench"], "glue");
  if (parts.includes("pytest"))
    step("rows", "npx", ["tsx", "test/harness/spark/dirty-rows.ts", env.FLIGHTLINE_PARITY, ROWS, seed]);
  for (const name of some(names)) {
    if (parts.includes("pytest"))
      step(`pytest on Spark ${name}`, python(`spark-${name}`), ["-m", "pytest", ...forPytest], "glue");
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
  console.error(`failed: ${failed.join(", ")}; the same rows again: FLIGHTLINE_SEED=${seed}`);
  process.exitCode = 1;
}
