import { execFileSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { UnavailableError } from "../../flow/errors.ts";
import { postgresDatabase } from "../database.ts";
import { newPool } from "../transaction.ts";
import { AlreadyRunningError, joinPostgres, startPostgres, type EmbeddedPostgres } from "./server.ts";

async function folder(): Promise<string> {
  const data = await mkdtemp(path.join(tmpdir(), "flightline-pg-"));
  onTestFinished(() => rm(data, { recursive: true, force: true, maxRetries: 5 }));
  return data;
}
const running = (server: EmbeddedPostgres): EmbeddedPostgres => {
  onTestFinished(() => server.stop());
  return server;
};
async function ask(connection: pg.ClientConfig, sql: string): Promise<unknown> {
  const client = new pg.Client(connection);
  await client.connect();
  const { rows } = await client.query<{ answer: unknown }>(sql);
  await client.end();
  return rows[0]?.answer;
}

test("starts in an empty folder, listens only on a private socket, and keeps its data", async () => {
  const data = await folder();
  const first = await startPostgres({ data });
  expect(await ask(first.connection, "select current_setting('listen_addresses') as answer")).toBe("");
  expect((await stat(first.connection.host)).mode & 0o077).toBe(0);
  await ask(first.connection, "create table kept as select 41 as answer");
  await first.stop();
  const second = running(await startPostgres({ data }));
  expect(await ask(second.connection, "select answer + 1 as answer from kept")).toBe(42);
  await expect(startPostgres({ data })).rejects.toThrow(AlreadyRunningError);
  const joined = await joinPostgres({ data });
  expect(await ask(joined.connection, "select answer from kept")).toBe(41);
  await joined.stop();
  expect(await ask(second.connection, "select 1 as answer")).toBe(1);
});

test("with a port, a client needs the password", async () => {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const { dsn = "" } = running(await startPostgres({ data: await folder(), port }));
  expect(await ask({ connectionString: dsn }, "select 1 as answer")).toBe(1);
  await expect(ask({ connectionString: dsn.replace(/:[^:@]+@/, ":wrong@") }, "select 1")).rejects.toThrow("password");
});

test("of two starts at once on one folder, one owns it", async () => {
  const data = await folder();
  const results = await Promise.allSettled([startPostgres({ data }), startPostgres({ data })]);
  const owners = results.flatMap((result) => (result.status === "fulfilled" ? [running(result.value)] : []));
  expect(owners).toHaveLength(1);
});

test("a stopped database is unavailable, and works again after its restart", async () => {
  const data = await folder();
  const first = await startPostgres({ data });
  const pool = newPool(first.connection);
  onTestFinished(() => pool.end());
  const database = postgresDatabase(pool, { retention_days: 7 });
  await database.sink.ping();
  await first.stop();
  await expect(database.sink.ping()).rejects.toThrow(UnavailableError);
  running(await startPostgres({ data }));
  await database.sink.ping();
});

test("the server ends with its parent process, also if that is killed", async () => {
  const data = await folder();
  const script = `import { startPostgres } from "./src/postgres/embedded/server.ts"; await startPostgres({ data: ${JSON.stringify(data)} }); process.kill(process.pid, "SIGKILL");`;
  expect(() =>
    execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], { stdio: "pipe" }),
  ).toThrow();
  const second = running(await startPostgres({ data }));
  expect(await ask(second.connection, "select 1 as answer")).toBe(1);
});
