import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The Spark versions of Glue 5.1 and Glue 6.0. */
export const SPARKS = { "3.5": "3.5.6", "4.1": "4.1.1" } as const;
const JDBC = "42.7.8";

const root = path.resolve(".tools");
const run = (command: string, args: string[]): void =>
  void execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
/** The output of a command. Null when the command fails or does not exist. */
function outputOf(command: string, args: string[]): string | null {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout + stderr : null;
}

export const python = (venv: string): string => path.join(root, venv, "bin", "python");
const ivy = path.join(root, "ivy");
export const jdbcJar = path.join(ivy, "jars", `org.postgresql_postgresql-${JDBC}.jar`);

/** Names of the programs that Spark requires and this machine lacks. */
export function missing(): string[] {
  const [, minor = "0"] = /Python 3\.(\d+)/.exec(outputOf("python3", ["--version"]) ?? "") ?? [];
  const [, java = "0"] = /version "(\d+)/.exec(outputOf("java", ["-version"]) ?? "") ?? [];
  const required: [string, boolean][] = [
    ["Python 3.11 to 3.13, as python3", Number(minor) >= 11 && Number(minor) <= 13],
    ["Python's modules venv and ensurepip", outputOf("python3", ["-c", "import ensurepip, venv"]) !== null],
    ["Java 17 to 21, as java", Number(java) >= 17 && Number(java) <= 21],
    ["openssl", outputOf("openssl", ["version"]) !== null],
  ];
  return required.flatMap(([name, isInstalled]) => (isInstalled ? [] : [name]));
}

/** Installs both Spark versions, the checkers and the JDBC driver into .tools/, unless the pinned versions are there. */
export function installSpark(): void {
  mkdirSync(root, { recursive: true });
  for (const [name, version] of Object.entries(SPARKS))
    environment(`spark-${name}`, "glue/requirements-test.txt", [`pyspark==${version}`]);
  environment("spark-check", "glue/requirements-check.txt", []);
  if (!existsSync(jdbcJar)) fetchDriver();
}

/** Spark downloads the JDBC driver from its package repository. */
function fetchDriver(): void {
  const settings = `config('spark.jars.packages', 'org.postgresql:postgresql:${JDBC}').config('spark.jars.ivy', '${ivy}')`;
  const session = `SparkSession.builder.master('local[1]').${settings}.getOrCreate().stop()`;
  run(python("spark-3.5"), ["-c", `from pyspark.sql import SparkSession\n${session}`]);
}

/** Creates a virtual environment. A file in it records the pins, so that a changed pin is installed. */
function environment(name: string, requirements: string, others: string[]): void {
  const note = path.join(root, name, "installed");
  const pins = createHash("sha256").update(readFileSync(requirements)).update(others.join()).digest("hex");
  if (existsSync(note) && readFileSync(note, "utf8") === pins) return;
  run("python3", ["-m", "venv", path.join(root, name)]);
  run(python(name), ["-m", "pip", "install", "--quiet", "-r", requirements, ...others]);
  writeFileSync(note, pins);
}
