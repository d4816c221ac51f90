import path from "node:path";
import type pg from "pg";
import { readConfig, type Config, type Store } from "../config.ts";
import { flowCounter, type FlowCounter } from "../flow/ledger/reconcile.ts";
import type { Checkpoints, Database, ObjectStore, Queue, Stream } from "../flow/ports.ts";
import { databaseOf } from "../flow/ledger/two-databases.ts";
import { AlreadyRunningError, joinPostgres, startPostgres } from "../postgres/embedded/server.ts";
import { fileStore } from "../files/file-store.ts";
import { migrate } from "../postgres/migrate.ts";
import { postgresCheckpoints } from "../postgres/checkpoints.ts";
import { postgresDatabase } from "../postgres/database.ts";
import { postgresQueue } from "../postgres/queue.ts";
import { postgresStream } from "../postgres/stream.ts";
import { newPool } from "../postgres/transaction.ts";
import { CliError, type Given, type Io, text } from "../cli/command.ts";

/** The adapters that the settings name, wired. */
export interface World {
  config: Config;
  data: string;
  /** Undefined where no setting names PostgreSQL. */
  postgres: Postgres | undefined;
  objects: ObjectStore;
  database: Database;
  stream: Stream;
  queue: Queue;
  checkpoints: Checkpoints;
  counter: FlowCounter;
  close(): Promise<void>;
}

export interface Postgres {
  connection: pg.ClientConfig;
  pool: pg.Pool;
  /** For another client, where a port was asked for. */
  dsn?: string;
  /** Files that the migration ran. */
  migrated: string[];
}

export interface WorldOptions {
  /** Demands to own the data folder, as `start` does; others join whoever runs. */
  owns?: boolean;
  /** Brings the schema up to date; who only looks leaves it as it is. */
  migrates?: boolean;
  retention_days?: number | undefined;
  postgres_port?: number | undefined;
}

/** Opens the stores that the settings name, the schema brought up to date. The caller closes what it opened. */
export async function openWorld(given: Given, io: Io, options: WorldOptions = {}): Promise<World> {
  const data = path.resolve(text(given, "data") ?? ".flightline");
  const config = readConfig(io.env, data);
  const retention_days = options.retention_days ?? config.retention_days;
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    const postgres = usesPostgres(config) ? await openPostgres(config, { data, closing, options }) : undefined;
    const of: Wiring = { config: { ...config, retention_days }, postgres, closing };
    const objects = await openObjects(of);
    const database = await openDatabases(of, objects);
    return {
      config: of.config,
      data,
      postgres,
      objects,
      database,
      stream: await openStream(of),
      queue: await openQueue(of),
      checkpoints: await openCheckpoints(of),
      counter: flowCounter({ database, objects }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Adapters of AWS are loaded where a setting names them: a local start need not wait for the SDK. */
interface Wiring {
  config: Config;
  postgres: Postgres | undefined;
  closing: (() => Promise<void>)[];
}

const usesPostgres = ({ databases, stream, queue, checkpoints }: Config): boolean =>
  [...databases, stream, queue, checkpoints].some(({ kind }) => kind === "postgres");

interface Opening {
  data: string;
  closing: (() => Promise<void>)[];
  options: WorldOptions;
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

async function postgresServer(config: Config, data: string, { owns, postgres_port }: WorldOptions): Promise<Server> {
  if (config.postgres !== undefined) return { connection: await remoteConnection(config), stop: async () => {} };
  if (owns !== true) return joinPostgres({ data });
  try {
    return await startPostgres({ data, ...(postgres_port === undefined ? {} : { port: postgres_port }) });
  } catch (cause) {
    if (!(cause instanceof AlreadyRunningError)) throw cause;
    throw new CliError(cause.message, 1, { cause });
  }
}

async function remoteConnection(config: Config): Promise<pg.ClientConfig> {
  if (config.postgres_auth.kind === "dsn" && config.postgres_ca === undefined)
    return { connectionString: config.postgres };
  const { rdsConnection } = await import("../aws/rds.ts");
  return rdsConnection(config);
}

/** PostgreSQL, for an adapter that a setting put there. */
function needed({ postgres }: Wiring): Postgres {
  if (postgres === undefined) throw new Error("no setting names PostgreSQL");
  return postgres;
}

async function openObjects({ config: { objects } }: Wiring): Promise<ObjectStore> {
  if (objects.kind === "file") return fileStore(objects.folder);
  const { s3Client, s3Store } = await import("../aws/s3-store.ts");
  return s3Store(s3Client(), objects);
}

async function openDatabases(of: Wiring, objects: ObjectStore): Promise<Database> {
  return databaseOf(await Promise.all(of.config.databases.map((one) => openDatabase(of, one))), objects);
}

async function openDatabase(of: Wiring, store: Store): Promise<Database> {
  const { retention_days, stream } = of.config;
  if (store.kind === "postgres")
    return postgresDatabase(needed(of).pool, {
      retention_days,
      ...(stream.kind === "postgres" ? { stream: stream.name } : {}),
    });
  const { dynamoClient } = await import("../aws/dynamo/client.ts");
  const { dynamoDatabase } = await import("../aws/dynamo/database.ts");
  return dynamoDatabase(dynamoClient(), { prefix: store.prefix, retention_days });
}

async function openStream(of: Wiring): Promise<Stream> {
  const { stream, shards } = of.config;
  if (stream.kind === "kinesis") {
    const { kinesisClient, kinesisStream } = await import("../aws/kinesis/stream.ts");
    return kinesisStream(kinesisClient(), { name: stream.name });
  }
  const { pool, connection } = needed(of);
  const opened = await postgresStream(pool, { name: stream.name, shards, connection });
  of.closing.push(() => opened.close());
  return opened;
}

async function openQueue(of: Wiring): Promise<Queue> {
  const { queue } = of.config;
  if (queue.kind === "sqs") {
    const { sqsClient, sqsQueue } = await import("../aws/sqs-queue.ts");
    return sqsQueue(sqsClient(), { url: queue.url });
  }
  const { pool, connection } = needed(of);
  const opened = postgresQueue(pool, { name: queue.name, connection });
  of.closing.push(() => opened.close());
  return opened;
}

async function openCheckpoints(of: Wiring): Promise<Checkpoints> {
  const { checkpoints, stream } = of.config;
  if (checkpoints.kind === "postgres") return postgresCheckpoints(needed(of).connection, stream.name);
  const { dynamoClient } = await import("../aws/dynamo/client.ts");
  const { dynamoCheckpoints } = await import("../aws/dynamo/checkpoints.ts");
  return dynamoCheckpoints(dynamoClient(), { prefix: checkpoints.prefix, stream: stream.name });
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
