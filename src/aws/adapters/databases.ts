import type pg from "pg";
import type { Config } from "../../config.ts";
import { combineDatabases } from "../../flow/ledger/two-databases.ts";
import type { DatabasePorts, ObjectStore } from "../../flow/ports.ts";
import { postgresDatabase } from "../../postgres/database.ts";

/**
 * Opens the databases that the settings name, and combines them into one. `pool` is called once if PostgreSQL is among them.
 * The DynamoDB adapter is imported only if a setting names it, so that a local start does not load the AWS SDK.
 */
export async function openDatabases(
  { databases, retention_days }: Config,
  { pool, objects }: { pool: () => pg.Pool; objects: ObjectStore },
): Promise<DatabasePorts> {
  const opened: DatabasePorts[] = [];
  for (const store of databases) {
    if (store.kind === "postgres") opened.push(postgresDatabase(pool(), { retention_days }));
    else {
      const { dynamoClient } = await import("../dynamo/client.ts");
      const { dynamoDatabase } = await import("../dynamo/database.ts");
      opened.push(dynamoDatabase(dynamoClient(), { prefix: store.prefix, retention_days }));
    }
  }
  return combineDatabases(opened, objects);
}
