import type pg from "pg";
import { readConfig, type Config, type Environment, type Store } from "../config.ts";
import { flowCounter, type FlowCounter } from "../flow/ledger/reconcile.ts";
import type { Database, ObjectStore } from "../flow/ports.ts";
import { databaseOf } from "../flow/ledger/two-databases.ts";
import { postgresDatabase } from "../postgres/database.ts";
import { newPool } from "../postgres/transaction.ts";
import { dynamoClient } from "./dynamo/client.ts";
import { dynamoDatabase } from "./dynamo/database.ts";
import { rdsConnection } from "./rds.ts";
import { s3Client, s3Store } from "./s3-store.ts";

/** What a function works on, wired once for all its invocations. */
export interface LambdaWorld {
  config: Config;
  objects: ObjectStore;
  database: Database;
  counter: FlowCounter;
}

/** One invocation runs at a time; a second connection is for what a transaction waits on. */
const CONNECTIONS = 2;

/** A database that sleeps takes up to 30 s to answer a first connection. */
const AWAKE_MS = 35_000;

export interface LambdaOptions {
  /** How long PostgreSQL is waited for: for a connection, and for an answer. Unset: until it is awake, and a minute. */
  patience_ms?: number;
}

/** Wires what the environment names. Throws `ConfigError`; connects to nothing yet. */
export function lambdaWorld(env: Environment, options: LambdaOptions = {}): LambdaWorld {
  const config = readConfig(env, "/tmp");
  if (config.objects.kind !== "s3") throw new Error("FLIGHTLINE_OBJECTS names no bucket");
  const objects = s3Store(s3Client(), config.objects);
  const databases = config.databases.map((store) => openDatabase({ config, ...options }, store));
  const database = databaseOf(databases, objects);
  return { config, objects, database, counter: flowCounter({ database, objects }) };
}

interface Opening extends LambdaOptions {
  config: Config;
}

function openDatabase(of: Opening, store: Store): Database {
  const { retention_days } = of.config;
  if (store.kind === "dynamodb") return dynamoDatabase(dynamoClient(), { prefix: store.prefix, retention_days });
  return postgresDatabase(lambdaPool(of), { retention_days });
}

/** A pool over TLS. */
const lambdaPool = ({ config, patience_ms }: Opening): pg.Pool =>
  newPool({
    ...rdsConnection(config),
    max: CONNECTIONS,
    connectionTimeoutMillis: patience_ms ?? AWAKE_MS,
    ...(patience_ms === undefined ? {} : { query_timeout: patience_ms }),
  });
