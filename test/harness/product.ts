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

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "flightline-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A data folder of its own and a database of its own on the tests' server. */
export interface Place {
  data: string;
  database: FreshDatabase;
  env: Record<string, string>;
}

export async function newPlace(): Promise<Place> {
  const data = await temporaryFolder();
  const database = await freshDatabase();
  onTestFinished(() => database.drop());
  return { data, database, env: { FLIGHTLINE_POSTGRES: dsnOf(database) } };
}

const dsnOf = ({ connection }: FreshDatabase): string =>
  `postgres://${connection.user}@localhost:${connection.port}/${connection.database}?host=${encodeURIComponent(String(connection.host))}`;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  input?: string | Uint8Array;
  cwd?: string;
}

/** Runs `flightline ARGS` to its end. */
export async function flightline(args: readonly string[], { env = {}, input, cwd }: RunOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env }, cwd });
  Readable.from(input === undefined ? [] : [input]).pipe(child.stdin);
  const [stdout, stderr, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, "exit")]);
  return { code: code as number | null, stdout, stderr };
}

export interface Running {
  url: string;
  child: ChildProcess;
  stderr(): string;
  /** Ends it with a signal; its exit code. */
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
      const found = /http:\/\/\S+/.exec(part.toString())?.[0];
      if (found !== undefined) resolve(found);
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
  // 503: its database may be away, or not give a connection in time
  const response = await until(
    () => fetch(`${url}/v1/flows?fresh=true`),
    ({ status }) => status !== 503,
  );
  const { flows } = (await response.json()) as { flows: FlowReport[] };
  return Object.fromEntries(flows.map((one) => [one.flow, one])) as Record<"request" | "stream", FlowReport>;
}

/** Asks until `isSo` holds, as long as the test may take. */
export async function until<T>(ask: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await ask();
    if (isSo(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
