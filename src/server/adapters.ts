import type pg from "pg";
import { openDatabases } from "../aws/adapters/databases.ts";
import { readConfig, type Config } from "../config.ts";
import { fileStore } from "../files/file-store.ts";
import { flowCounter, type FlowCounter } from "../flow/ledger/reconcile.ts";
import type { Checkpoints, DatabasePorts, ObjectStore, Queue, Stream } from "../flow/ports.ts";
import { postgresCheckpoints } from "../postgres/checkpoints.ts";
import { joinPostgres, startPostgres } from "../postgres/embedded/server.ts";
import { migrate } from "../postgres/migrate.ts";
import { postgresQueue } from "../postgres/queue.ts";
import { postgresStream } from "../postgres/stream.ts";
import { newPool } from "../postgres/transaction.ts";
import type { Environment } from "../settings.ts";

/** The open adapter of every port. The settings choose the adapters. */
export interface Adapters extends DatabasePorts {
  config: Config;
  data: string;
  /** Undefined if no setting chooses PostgreSQL. */
  postgres: Postgres | undefined;
  objects: ObjectStore;
  stream: Stream;
  queue: Queue;
  checkpoints: Checkpoints;
  counter: FlowCounter;
  close(): Promise<void>;
}

export interface Postgres {
  connection: pg.ClientConfig;
  pool: pg.Pool;
  /** The URL for other SQL clients. Undefined unless a port was requested. */
  dsn?: string;
  /** Names of the migration files that ran at opening. */
  migrated: string[];
}

export interface AdapterOptions {
  /** Takes ownership of the data folder, as `start` does. Otherwise joins a server that runs there. */
  owns?: boolean;
  /** Whether opening migrates the schema. Default: true. A read-only server does not migrate. */
  migrates?: boolean;
  retention_days?: number | undefined;
  postgres_port?: number | undefined;
}

/** The environment with the settings, and the absolute path of the data folder. */
export interface Installation {
  env: Environment;
  data: string;
}

/**
 * Opens the stores that the settings choose, and migrates the schema. The caller closes them. Throws `ConfigError`,
 * `UnavailableError`, `NewerSchemaError`, and `AlreadyRunningError` if another process owns the data folder.
 */
export async function openAdapters({ env, data }: Installation, options: AdapterOptions = {}): Promise<Adapters> {
  const config = readConfig(env, data);
  const retention_days = options.retention_days ?? config.retention_days;
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of closing.splice(0).reverse()) await closeOne();
  };
  try {
    const postgres = usesPostgres(config) ? await openPostgres(config, { data, closing, options }) : undefined;
    const wiring: Wiring = { env, config: { ...config, retention_days }, postgres, closing };
    const objects = await openObjects(wiring);
    const database = await openDatabases(wiring.config, { objects, pool: () => requirePostgres(wiring).pool });
    const stream = await openStream(wiring);
    return {
      config: wiring.config,
      data,
      postgres,
      objects,
      ...database,
      stream,
      queue: await openQueue(wiring),
      checkpoints: await openCheckpoints(wiring),
      counter: flowCounter({ ...database, objects, stream }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Wiring {
  env: Environment;
  config: Config;
  postgres: Postgres | undefined;
  closing: (() => Promise<void>)[];
}

const usesPostgres = ({ databases, stream, queue, checkpoints }: Config): boolean =>
  [...databases, stream, queue, checkpoints].some(({ kind }) => kind === "postgres");

interface Opening {
  data: string;
  closing: (() => Promise<void>)[];
  options: AdapterOptions;
}

async function openPostgres(config: Config, { data, closing, options }: Opening): Promise<Postgres> {
  const server = await postgresServer(config, data, options);
  closing.push(server.stop);
  const pool = newPool({ ...server.connection, max: 12 });
  closing.push(() => pool.end());
  const dsn = server.dsn === undefined ? {} : { dsn: server.dsn };
  return {
    connection: server.connection,
    pool,
    ...dsn,
    migrated: options.migrates === false ? [] : await migrate(pool),
  };
}

interface Server {
  connection: pg.ClientConfig;
  dsn?: string;
  stop(): Promise<void>;
}

async function postgresServer(config: Config, data: string, { owns, postgres_port }: AdapterOptions): Promise<Server> {
  if (config.postgres !== undefined) return { connection: await remoteConnection(config), stop: async () => {} };
  if (owns !== true) return joinPostgres({ data });
  return startPostgres({ data, ...(postgres_port === undefined ? {} : { port: postgres_port }) });
}

async function remoteConnection(config: Config): Promise<pg.ClientConfig> {
  if (config.postgres_auth.kind === "dsn" && config.postgres_ca === undefined)
    return { connectionString: config.postgres };
  const { rdsConnection } = await import("../aws/rds.ts");
  return rdsConnection(config);
}

/** PostgreSQL, for an adapter that requires it. */
function requirePostgres({ postgres }: Wiring): Postgres {
  if (postgres === undefined) throw new Error("an adapter requires PostgreSQL, but no setting chooses it");
  return postgres;
}

// The openers below import AWS adapters on use, so that a local start does not load the SDK.

async function openObjects({ env, config: { objects } }: Wiring): Promise<ObjectStore> {
  if (objects.kind === "file") return fileStore(objects.folder);
  const { s3Client, s3Store } = await import("../aws/s3-store.ts");
  return s3Store(s3Client(env), objects);
}

async function openStream(wiring: Wiring): Promise<Stream> {
  const { stream, shards } = wiring.config;
  if (stream.kind === "kinesis") {
    const { kinesisClient, kinesisStream } = await import("../aws/kinesis/stream.ts");
    return kinesisStream(kinesisClient(), { name: stream.name });
  }
  const { pool, connection } = requirePostgres(wiring);
  const opened = await postgresStream(pool, { name: stream.name, shards, connection });
  wiring.closing.push(() => opened.close());
  return opened;
}

async function openQueue(wiring: Wiring): Promise<Queue> {
  const { queue } = wiring.config;
  if (queue.kind === "sqs") {
    const { sqsClient, sqsQueue } = await import("../aws/sqs-queue.ts");
    return sqsQueue(sqsClient(), { url: queue.url });
  }
  const { pool, connection } = requirePostgres(wiring);
  const opened = postgresQueue(pool, { name: queue.name, connection });
  wiring.closing.push(() => opened.close());
  return opened;
}

async function openCheckpoints(wiring: Wiring): Promise<Checkpoints> {
  const { checkpoints, stream } = wiring.config;
  if (checkpoints.kind === "postgres") return postgresCheckpoints(requirePostgres(wiring).connection, stream.name);
  const { dynamoClient } = await import("../aws/dynamo/client.ts");
  const { dynamoCheckpoints } = await import("../aws/dynamo/checkpoints.ts");
  return dynamoCheckpoints(dynamoClient(), { prefix: checkpoints.prefix, stream: stream.name });
}
