import type pg from "pg";
import { readConfig, type Config, type Environment, type Store } from "../config.ts";
import { flowCounter, type FlowCounter } from "../flow/flows.ts";
import type { Database, ObjectStore } from "../flow/ports.ts";
import { databaseOf } from "../flow/two-databases.ts";
import { postgresDatabase } from "../local/postgres-database.ts";
import { newPool } from "../local/transaction.ts";
import { dynamoClient } from "./dynamo-client.ts";
import { dynamoDatabase } from "./dynamo-database.ts";
import { rdsConnection } from "./rds.ts";
import { s3Client, s3Store } from "./s3-store.ts";

/** What a function works on, wired once for all its invocations. */
export interface LambdaWorld {
  config: Config;
  /** Name of the deployment, by which its metrics are told from others. */
  deployment: string;
  objects: ObjectStore;
  database: Database;
  counter: FlowCounter;
}

/** One invocation runs at a time; a second connection is for what a transaction waits on. */
const CONNECTIONS = 2;

/** Wires what the environment names. Throws `ConfigError`; connects to nothing yet. */
export function lambdaWorld(env: Environment): LambdaWorld {
  const config = readConfig(env, "/tmp");
  if (config.objects.kind !== "s3") throw new Error("FLIGHTLINE_OBJECTS names no bucket");
  const objects = s3Store(s3Client(), config.objects);
  const databases = config.databases.map((store) => openDatabase(config, store));
  const database = databaseOf(databases, objects);
  const deployment = env["FLIGHTLINE_DEPLOYMENT"] ?? "flightline";
  return { config, deployment, objects, database, counter: flowCounter({ database, objects }) };
}

function openDatabase(config: Config, store: Store): Database {
  const { retention_days } = config;
  if (store.kind === "dynamodb") return dynamoDatabase(dynamoClient(), { prefix: store.prefix, retention_days });
  return postgresDatabase(lambdaPool(config), { retention_days });
}

/** A pool over TLS. */
const lambdaPool = (config: Config): pg.Pool =>
  newPool({ ...rdsConnection(config), max: CONNECTIONS, connectionTimeoutMillis: 35_000 });
