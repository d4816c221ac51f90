import { LOCKS } from "../locks.ts";
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { ensureCluster, removeStalePid, serverPid } from "./cluster.ts";
import { findBinaries, type Binaries } from "./binaries.ts";
import { actor, socketFolder, type Actor } from "./run-as.ts";

/** A running PostgreSQL of a data folder, reached by a Unix socket that its owner alone may use. */
export interface EmbeddedPostgres {
  connection: { host: string; port: number; user: string; database: string };
  /** For another client, where a port was asked for. */
  dsn?: string;
  stop(): Promise<void>;
}

/** Another process owns the data folder. */
export class AlreadyRunningError extends Error {
  override name = "AlreadyRunningError";
}

/** Part of the socket's file name; nothing listens on it, unless a port was asked for. */
const SOCKET_PORT = 5432;
const SOCKET = /^\.s\.PGSQL\.(\d+)$/;
const START_MS = 30_000;
const END_MS = 10_000;
const LOOK_MS = 20;

const SETTINGS: Readonly<Record<string, string>> = {
  max_connections: "100",
  shared_buffers: "128MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "1GB",
  wal_compression: "pglz",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // after a kill of both processes 0.1-0.3 s instead of 2-3
  recovery_init_sync_method: process.platform === "linux" ? "syncfs" : "fsync",
  client_min_messages: "warning",
};

/**
 * Runs the server and ends it with its parent: the pipe on descriptor 3 closes when Node ends, however it ends. The server
 * has a process group of its own, so Ctrl-C reaches Node alone, which drains first.
 */
const WATCHDOG = `"$@" </dev/null 3<&- & server=$!
{ read -r _ <&3; kill -INT $server; } & watch=$!
exec 3<&-
wait $server; status=$?
kill $watch 2>/dev/null
exit $status`;

interface Place {
  data: string;
  cluster: string;
  socket: string;
  actor: Actor;
}

/** Starts the data folder's server and owns the folder. Throws `AlreadyRunningError` when another process does. */
export async function startPostgres({ data, port }: { data: string; port?: number }): Promise<EmbeddedPostgres> {
  const at = placeOf(data);
  for (const until = Date.now() + END_MS; ;) {
    const owner = await connectOwner(at);
    if (owner === null) break;
    const isOrphan = await tryLock(owner);
    await owner.end();
    if (!isOrphan) throw new AlreadyRunningError(alreadyRunning(data));
    // its process is gone, and its watchdog is ending it
    if (Date.now() > until) interrupt(at);
    await sleep(LOOK_MS);
  }
  return launch(at, port);
}

/** Joins the folder's running server; where none runs, starts one and owns it while it lasts. */
export async function joinPostgres({ data }: { data: string }): Promise<EmbeddedPostgres> {
  const at = placeOf(data);
  const owner = await connectOwner(at);
  if (owner !== null) {
    const isOrphan = await tryLock(owner);
    await owner.end();
    if (!isOrphan) return { connection: connectionOf(at, owner.port), stop: async () => {} };
  }
  try {
    return await startPostgres({ data });
  } catch (error) {
    if (!(error instanceof AlreadyRunningError)) throw error;
    const port = portsOf(at)[0] ?? SOCKET_PORT;
    return { connection: connectionOf(at, port), stop: async () => {} };
  }
}

function placeOf(folder: string): Place {
  const data = path.resolve(folder);
  mkdirSync(data, { recursive: true });
  const binaries = findBinaries();
  const who = actor([path.join(data, "pg"), binaries.postgres]);
  return { data, cluster: path.join(data, "pg"), socket: socketFolder(data, who), actor: who };
}

const connectionOf = ({ socket }: Place, port: number) => ({
  host: socket,
  port,
  user: "postgres",
  database: "flightline",
});

/** Ports by which sockets in the folder are named: the server's, and what servers that were killed left. */
const portsOf = ({ socket }: Place): number[] =>
  readdirSync(socket)
    .flatMap((name) => SOCKET.exec(name)?.[1] ?? [])
    .map(Number);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A connection to a server that is up, null when there is none. */
async function connectOwner(at: Place): Promise<pg.Client | null> {
  for (const port of portsOf(at)) {
    const client = new pg.Client({ ...connectionOf(at, port), database: "postgres", connectionTimeoutMillis: 5_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      return client;
    } catch {
      // nobody listens there: a socket that a killed server left, or one that is not ready
    }
  }
  return null;
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [LOCKS.owner]);
  return rows[0]?.got === true;
}

function alreadyRunning(data: string): string {
  const file = path.join(data, "url");
  const url = existsSync(file) ? ` at ${readFileSync(file, "utf8").trim()}` : "";
  return `flightline is already running on ${data}${url}; stop it, or choose another folder with --data`;
}

function interrupt(at: Place): void {
  const pid = serverPid(at.cluster);
  if (pid !== null) process.kill(pid, "SIGINT");
}

async function launch(at: Place, port: number | undefined): Promise<EmbeddedPostgres> {
  const binaries = findBinaries();
  ensureCluster(at, binaries);
  await untilEnded(at.cluster);
  removeStalePid(at.cluster);
  for (const left of portsOf(at)) rmSync(path.join(at.socket, `.s.PGSQL.${left}`), { force: true });
  const server = spawnServer(at, binaries, port);
  try {
    const owner = await untilReady(at, server);
    if (!(await tryLock(owner))) throw new AlreadyRunningError(alreadyRunning(at.data));
    const { rowCount } = await owner.query("select from pg_database where datname = 'flightline'");
    if (rowCount === 0) await owner.query("create database flightline");
    const dsn = port === undefined ? undefined : await openPort(owner, port);
    return {
      connection: connectionOf(at, port ?? SOCKET_PORT),
      ...(dsn === undefined ? {} : { dsn }),
      stop: () => stopServer(owner, server),
    };
  } catch (error) {
    await endServer(server);
    throw error;
  }
}

/** A server that takes no more connections may still be writing: the next one waits for it. */
async function untilEnded(cluster: string): Promise<void> {
  for (const until = Date.now() + END_MS; serverPid(cluster) !== null && Date.now() < until;) await sleep(LOOK_MS);
}

function spawnServer(at: Place, { postgres, version }: Binaries, port: number | undefined): ChildProcess {
  const settings = {
    ...SETTINGS,
    listen_addresses: port === undefined ? "" : "127.0.0.1",
    port: String(port ?? SOCKET_PORT),
  };
  const name = createHash("sha256")
    .update(JSON.stringify([version, settings]))
    .digest("hex")
    .slice(0, 16);
  const flags = Object.entries({ ...settings, cluster_name: name }).flatMap(([key, value]) => [
    "-c",
    `${key}=${value}`,
  ]);
  const log = openSync(path.join(at.data, "postgres.log"), "a");
  const command = at.actor.command(["sh", "-c", WATCHDOG, "sh", postgres, "-D", at.cluster, "-k", at.socket, ...flags]);
  const [program = "sh", ...args] = command;
  const child = spawn(program, args, {
    ...at.actor.ids,
    detached: true,
    stdio: ["ignore", log, log, "pipe"],
    cwd: at.cluster,
  });
  closeSync(log);
  // an end of the server is noticed by its connections
  child.on("error", () => {});
  child.unref();
  return child;
}

async function untilReady(at: Place, server: ChildProcess): Promise<pg.Client> {
  for (const until = Date.now() + START_MS; Date.now() < until; await sleep(LOOK_MS)) {
    if (server.exitCode !== null) break;
    const client = await connectOwner(at);
    if (client !== null) return client;
  }
  throw new Error(`PostgreSQL did not start; its log is ${path.join(at.data, "postgres.log")}`);
}

/** A password of its own for connections over TCP. */
async function openPort(owner: pg.Client, port: number): Promise<string> {
  const password = randomBytes(18).toString("base64url");
  await owner.query(`alter role postgres password '${password}'`);
  return `postgres://postgres:${password}@127.0.0.1:${port}/flightline`;
}

async function stopServer(owner: pg.Client, server: ChildProcess): Promise<void> {
  await owner.end();
  await endServer(server);
}

/** Closes the pipe, which ends the server, and waits for it. */
async function endServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.ref();
  server.stdio[3]?.destroy();
  await ended;
}
