import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The Spark of Glue 5.1 and of Glue 6.0. */
export const SPARKS = { "3.5": "3.5.6", "4.1": "4.1.1" } as const;
const JDBC = "42.7.8";

const root = path.resolve(".tools");
const run = (command: string, args: string[]): void =>
  void execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
/** What a command prints; null when it fails or is not there. */
function said(command: string, args: string[]): string | null {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout + stderr : null;
}

export const python = (venv: string): string => path.join(root, venv, "bin", "python");
const ivy = path.join(root, "ivy");
export const jdbcJar = path.join(ivy, "jars", `org.postgresql_postgresql-${JDBC}.jar`);

/** What is missing to run Spark here, in words; empty when nothing is. */
export function missing(): string[] {
  const [, minor = "0"] = /Python 3\.(\d+)/.exec(said("python3", ["--version"]) ?? "") ?? [];
  const [, java = "0"] = /version "(\d+)/.exec(said("java", ["-version"]) ?? "") ?? [];
  const needed: [string, boolean][] = [
    ["Python 3.11 to 3.13, as python3", Number(minor) >= 11 && Number(minor) <= 13],
    ["Python's modules venv and ensurepip", said("python3", ["-c", "import ensurepip, venv"]) !== null],
    ["Java 17 to 21, as java", Number(java) >= 17 && Number(java) <= 21],
    ["openssl", said("openssl", ["version"]) !== null],
  ];
  return needed.flatMap(([name, isThere]) => (isThere ? [] : [name]));
}

/** Installs into .tools/ what is not there in the versions that glue/requirements-*.txt pin. */
export function installSpark(): void {
  mkdirSync(root, { recursive: true });
  for (const [name, version] of Object.entries(SPARKS))
    environment(`spark-${name}`, "glue/requirements-test.txt", [`pyspark==${version}`]);
  environment("spark-check", "glue/requirements-check.txt", []);
  if (!existsSync(jdbcJar)) fetchDriver();
}

/** Spark itself looks the driver up, where it finds packages. */
function fetchDriver(): void {
  const settings = `config('spark.jars.packages', 'org.postgresql:postgresql:${JDBC}').config('spark.jars.ivy', '${ivy}')`;
  const session = `SparkSession.builder.master('local[1]').${settings}.getOrCreate().stop()`;
  run(python("spark-3.5"), ["-c", `from pyspark.sql import SparkSession\n${session}`]);
}

/** A virtual environment that notes what was asked for, so that another pin is installed. */
function environment(name: string, requirements: string, others: string[]): void {
  const note = path.join(root, name, "installed");
  const asked = createHash("sha256").update(readFileSync(requirements)).update(others.join()).digest("hex");
  if (existsSync(note) && readFileSync(note, "utf8") === asked) return;
  run("python3", ["-m", "venv", path.join(root, name)]);
  run(python(name), ["-m", "pip", "install", "--quiet", "-r", requirements, ...others]);
  writeFileSync(note, asked);
}
