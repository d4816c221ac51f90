import path from "node:path";
import type pg from "pg";
import { readConfig, type Config } from "../config.ts";
import { flowCounter, type FlowCounter } from "../flow/flows.ts";
import type { Checkpoints, Database, ObjectStore, Queue, Stream } from "../flow/ports.ts";
import { AlreadyRunningError, joinPostgres, startPostgres } from "../local/embedded-postgres.ts";
import { fileStore } from "../local/file-store.ts";
import { migrate } from "../local/migrate.ts";
import { postgresCheckpoints } from "../local/postgres-checkpoints.ts";
import { postgresDatabase } from "../local/postgres-database.ts";
import { postgresQueue } from "../local/postgres-queue.ts";
import { postgresStream } from "../local/postgres-stream.ts";
import { newPool } from "../local/transaction.ts";
import { CliError, type Given, type Io, text } from "./command.ts";

/** The adapters that the settings name, wired. */
export interface World {
  config: Config;
  data: string;
  connection: pg.ClientConfig;
  /** For another client, where a port was asked for. */
  postgres_dsn: string | undefined;
  pool: pg.Pool;
  objects: ObjectStore;
  database: Database;
  stream: Stream;
  queue: Queue;
  checkpoints: Checkpoints;
  counter: FlowCounter;
  /** Files that the migration ran. */
  migrated: string[];
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Demands to own the data folder, as `start` does; others join whoever runs. */
  owns?: boolean;
  retention_days?: number;
  postgres_port?: number | undefined;
}

/** Opens the data folder's stores, the schema brought up to date. The caller closes what it opened. */
export async function openWorld(given: Given, io: Io, options: WorldOptions = {}): Promise<World> {
  const data = path.resolve(text(given, "data") ?? ".flightline");
  const config = readConfig(io.env, data);
  const server = await openPostgres(config, data, options);
  const pool = newPool({ ...server.connection, max: 12 });
  try {
    const migrated = await migrate(pool);
    return await wire({ config, data, pool, migrated, server }, options);
  } catch (error) {
    await pool.end();
    await server.stop();
    throw error;
  }
}

interface Server {
  connection: pg.ClientConfig;
  dsn?: string;
  stop(): Promise<void>;
}

async function openPostgres(config: Config, data: string, { owns, postgres_port }: WorldOptions): Promise<Server> {
  if (config.postgres !== undefined) return { connection: { connectionString: config.postgres }, stop: async () => {} };
  if (owns !== true) return joinPostgres({ data });
  try {
    return await startPostgres({ data, ...(postgres_port === undefined ? {} : { port: postgres_port }) });
  } catch (cause) {
    if (!(cause instanceof AlreadyRunningError)) throw cause;
    throw new CliError(cause.message, 1, { cause });
  }
}

async function wire(
  of: Pick<World, "config" | "data" | "pool" | "migrated"> & { server: Server },
  { retention_days = 7 }: WorldOptions,
): Promise<World> {
  const { config, pool, server } = of;
  const { connection } = server;
  const objects = fileStore(config.objects);
  const database = postgresDatabase(pool, { retention_days, stream: config.stream });
  const stream = await postgresStream(pool, { name: config.stream, shards: config.shards, connection });
  const queue = postgresQueue(pool, { name: config.queue, connection });
  return {
    ...of,
    connection,
    postgres_dsn: server.dsn,
    objects,
    database,
    stream,
    queue,
    checkpoints: postgresCheckpoints(connection, config.stream),
    counter: flowCounter({ database, objects }),
    async close() {
      await stream.close();
      await queue.close();
      await pool.end();
      await server.stop();
    },
  };
}

/** Runs `work` with an open world and closes it after. */
export async function withWorld<T>(given: Given, io: Io, work: (world: World) => Promise<T>): Promise<T> {
  const world = await openWorld(given, io);
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}
