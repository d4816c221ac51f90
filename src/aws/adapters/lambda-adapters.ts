import type pg from "pg";
import { readConfig, type Config } from "../../config.ts";
import { flowCounter, type FlowCounter } from "../../flow/ledger/reconcile.ts";
import type { DatabasePorts, ObjectStore } from "../../flow/ports.ts";
import { newPool } from "../../postgres/transaction.ts";
import { settings, type Environment } from "../../settings.ts";
import { rdsConnection } from "../rds.ts";
import { s3Client, s3Store } from "../s3-store.ts";
import { openDatabases } from "./databases.ts";

/** The adapters of a Lambda function, opened once for all its invocations. */
export interface LambdaAdapters extends DatabasePorts {
  config: Config;
  objects: ObjectStore;
  counter: FlowCounter;
}

/** A function handles one invocation at a time. The second connection serves queries during a transaction. */
const CONNECTIONS = 2;

/** A paused Aurora database takes up to 30 s to accept its first connection. */
const RESUME_MS = 35_000;

export interface LambdaOptions {
  /** Longest wait for a connection to PostgreSQL and for an answer. Default: 35 s for the connection, 60 s for an answer. */
  timeout_ms?: number;
}

/** Opens the adapters that the environment names. They connect on first use. Throws `ConfigError`. */
export async function lambdaAdapters(env: Environment, options: LambdaOptions = {}): Promise<LambdaAdapters> {
  const config = readConfig(env, "/tmp");
  if (config.objects.kind !== "s3")
    throw new Error(
      `a Lambda function requires an S3 bucket for its objects: set ${settings.objects.name} to s3://BUCKET`,
    );
  const objects = s3Store(s3Client(env), config.objects);
  const database = await openDatabases(config, { objects, pool: () => lambdaPool(config, options) });
  return { config, objects, ...database, counter: flowCounter({ ...database, objects }) };
}

/** A pool of connections over TLS. */
const lambdaPool = (config: Config, { timeout_ms }: LambdaOptions): pg.Pool =>
  newPool({
    ...rdsConnection(config),
    max: CONNECTIONS,
    connectionTimeoutMillis: timeout_ms ?? RESUME_MS,
    ...(timeout_ms === undefined ? {} : { query_timeout: timeout_ms }),
  });
