import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { LOCKS } from "../locks.ts";
import { findBinaries, type Binaries } from "./binaries.ts";
import { ensureCluster, removeStalePid, serverPid } from "./cluster.ts";
import { serverUser, socketFolder, type ServerUser } from "./run-as.ts";

/** The running PostgreSQL of a data folder. Its Unix socket is accessible only to the owner of the folder. */
export interface EmbeddedPostgres {
  connection: { host: string; port: number; user: string; database: string };
  /** The URL for other SQL clients. Undefined unless a port was requested. */
  dsn?: string;
  stop(): Promise<void>;
}

/** Another process owns the data folder. */
export class AlreadyRunningError extends Error {
  override name = "AlreadyRunningError";
}

/** Part of the socket's file name. Without a requested port, PostgreSQL does not listen on TCP. */
const SOCKET_PORT = 5432;
const SOCKET = /^\.s\.PGSQL\.(\d+)$/;
const START_MS = 30_000;
const END_MS = 10_000;
const POLL_MS = 20;

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
  // recovery after a kill of both processes takes 0.1-0.3 s instead of 2-3 s
  recovery_init_sync_method: process.platform === "linux" ? "syncfs" : "fsync",
  client_min_messages: "warning",
};

/**
 * Shell script that runs the server and ends it with its parent: the pipe on descriptor 3 closes when Node ends, also by a
 * kill. The server has its own process group, so Ctrl-C reaches only Node, which finishes its work first.
 */
const WATCHDOG = `"$@" </dev/null 3<&- & server=$!
{ read -r _ <&3; kill -INT $server; } & watch=$!
exec 3<&-
wait $server; status=$?
kill $watch 2>/dev/null
exit $status`;

/** The folders of one embedded server. */
interface Installation {
  data: string;
  cluster: string;
  socket: string;
  user: ServerUser;
}

/** Starts the server of a data folder and takes ownership of the folder. Throws `AlreadyRunningError` if another process owns it. */
export async function startPostgres({ data, port }: { data: string; port?: number }): Promise<EmbeddedPostgres> {
  const at = installationOf(data);
  for (const until = Date.now() + END_MS; ;) {
    const owner = await connectOwner(at);
    if (owner === null) break;
    const isOrphan = await tryLock(owner);
    await owner.end();
    if (!isOrphan) throw new AlreadyRunningError(alreadyRunning(data));
    // the owner has ended, and the watchdog is ending its server
    if (Date.now() > until) interrupt(at);
    await sleep(POLL_MS);
  }
  return launch(at, port);
}

/** Joins the running server of a data folder. If none runs, starts one and owns the folder until `stop`. */
export async function joinPostgres({ data }: { data: string }): Promise<EmbeddedPostgres> {
  const at = installationOf(data);
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

function installationOf(folder: string): Installation {
  const data = path.resolve(folder);
  mkdirSync(data, { recursive: true });
  const binaries = findBinaries();
  const user = serverUser([path.join(data, "pg"), binaries.postgres]);
  return { data, cluster: path.join(data, "pg"), socket: socketFolder(data, user), user };
}

const connectionOf = ({ socket }: Installation, port: number) => ({
  host: socket,
  port,
  user: "postgres",
  database: "flightline",
});

/** The ports in the names of the sockets in the folder. Some may be left over from servers that were killed. */
const portsOf = ({ socket }: Installation): number[] =>
  readdirSync(socket)
    .flatMap((name) => SOCKET.exec(name)?.[1] ?? [])
    .map(Number);

/** A connection to the running server. Null if none accepts connections. */
async function connectOwner(at: Installation): Promise<pg.Client | null> {
  for (const port of portsOf(at)) {
    const client = new pg.Client({ ...connectionOf(at, port), database: "postgres", connectionTimeoutMillis: 5_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      return client;
    } catch {
      // a socket that a killed server left behind, or a server that is not ready
    }
  }
  return null;
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [LOCKS.owner]);
  return rows[0]?.locked === true;
}

function alreadyRunning(data: string): string {
  const file = path.join(data, "url");
  const url = existsSync(file) ? ` at ${readFileSync(file, "utf8").trim()}` : "";
  return `flightline is already running on ${data}${url}; stop it, or choose another folder with --data`;
}

function interrupt(at: Installation): void {
  const pid = serverPid(at.cluster);
  if (pid !== null) process.kill(pid, "SIGINT");
}

async function launch(at: Installation, port: number | undefined): Promise<EmbeddedPostgres> {
  const binaries = findBinaries();
  ensureCluster(at, binaries);
  await untilEnded(at.cluster);
  removeStalePid(at.cluster);
  for (const oldPort of portsOf(at)) rmSync(path.join(at.socket, `.s.PGSQL.${oldPort}`), { force: true });
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

/** Waits until the previous server has ended. It may still write after it stopped accepting connections. */
async function untilEnded(cluster: string): Promise<void> {
  for (const until = Date.now() + END_MS; serverPid(cluster) !== null && Date.now() < until;) await sleep(POLL_MS);
}

function spawnServer(at: Installation, { postgres, version }: Binaries, port: number | undefined): ChildProcess {
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
  const command = at.user.command(["sh", "-c", WATCHDOG, "sh", postgres, "-D", at.cluster, "-k", at.socket, ...flags]);
  const [program = "sh", ...args] = command;
  const child = spawn(program, args, {
    ...at.user.ids,
    detached: true,
    stdio: ["ignore", log, log, "pipe"],
    cwd: at.cluster,
  });
  closeSync(log);
  // the connections to the server notice its end
  child.on("error", () => {});
  child.unref();
  return child;
}

async function untilReady(at: Installation, server: ChildProcess): Promise<pg.Client> {
  for (const until = Date.now() + START_MS; Date.now() < until; await sleep(POLL_MS)) {
    if (server.exitCode !== null) break;
    const client = await connectOwner(at);
    if (client !== null) return client;
  }
  throw new Error(`PostgreSQL did not start. See its log: ${path.join(at.data, "postgres.log")}`);
}

/** Sets a new random password for connections over TCP. Returns the URL for clients. */
async function openPort(owner: pg.Client, port: number): Promise<string> {
  const password = randomBytes(18).toString("base64url");
  await owner.query(`alter role postgres password '${password}'`);
  return `postgres://postgres:${password}@127.0.0.1:${port}/flightline`;
}

async function stopServer(owner: pg.Client, server: ChildProcess): Promise<void> {
  await owner.end();
  await endServer(server);
}

/** Closes the pipe, which makes the watchdog end the server, and waits for the end. */
async function endServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.ref();
  server.stdio[3]?.destroy();
  await ended;
}
