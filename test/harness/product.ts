import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { FlowReport } from "../../src/flow/ledger/reconcile.ts";
import { freshDatabase, type FreshDatabase } from "./fresh-database.ts";

/** The built command, as users run it. */
const MAIN = path.resolve("dist/cli/main.js");

/** A folder that is deleted after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "flightline-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A new data folder, and a new database on the PostgreSQL server of the tests. Both are deleted after the test. */
export interface TestInstallation {
  data: string;
  database: FreshDatabase;
  /** The settings that choose this database. */
  env: Record<string, string>;
}

export async function newInstallation(): Promise<TestInstallation> {
  const data = await temporaryFolder();
  const database = await freshDatabase();
  onTestFinished(() => database.drop());
  return { data, database, env: { FLIGHTLINE_POSTGRES: dsnOf(database) } };
}

const dsnOf = ({ connection }: FreshDatabase): string =>
  `postgres://${connection.user}@localhost:${connection.port}/${connection.database}?host=${encodeURIComponent(String(connection.host))}`;

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  input?: string | Uint8Array;
  cwd?: string;
}

/** Runs `flightline ARGS` and waits for its end. */
export async function flightline(
  args: readonly string[],
  { env = {}, input, cwd }: RunOptions = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env }, cwd });
  Readable.from(input === undefined ? [] : [input]).pipe(child.stdin);
  const [stdout, stderr, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, "exit")]);
  return { code: code as number | null, stdout, stderr };
}

export interface Running {
  url: string;
  child: ChildProcess;
  stderr(): string;
  /** Sends a signal and waits for the end. Resolves to the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `flightline start ARGS` on a free port and waits for its URL. */
export async function startProduct(args: readonly string[], env: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, "start", "--port", "0", ...args], { env: { ...process.env, ...env } });
  const exited = once(child, "exit");
  let stderr = "";
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
  onTestFinished(() => void child.kill("SIGKILL"));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (part: Buffer) => {
      const address = /http:\/\/\S+/.exec(part.toString())?.[0];
      if (address !== undefined) resolve(address);
    });
    child.once("close", (code) => reject(new Error(`start ended with ${code}: ${stderr}`)));
  });
  return {
    url,
    child,
    stderr: () => stderr,
    async end(signal) {
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

export async function flowsOf(url: string): Promise<Record<"request" | "stream", FlowReport>> {
  // 503: the database may be unavailable or slow to accept a connection
  const response = await until(
    () => fetch(`${url}/v1/flows?fresh=true`),
    ({ status }) => status !== 503,
  );
  const { flows } = (await response.json()) as { flows: FlowReport[] };
  return Object.fromEntries(flows.map((report) => [report.flow, report])) as Record<"request" | "stream", FlowReport>;
}

/** Reads a value until `isDone` accepts it. The timeout of the test is the only limit. */
export async function until<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
