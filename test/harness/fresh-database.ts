import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { newPool } from "../../src/postgres/transaction.ts";

export interface FreshDatabase {
  connection: pg.ClientConfig;
  pool: pg.Pool;
  /** Ends the pool and drops the database, also if other connections are open. */
  drop(): Promise<void>;
}

/** Creates an empty, migrated database on the PostgreSQL server of the tests. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = inject("postgres");
  const database = `test_${randomBytes(6).toString("hex")}`;
  await asOwner(`create database ${database} template ${server.database}`);
  const connection = { ...server, database };
  const pool = newPool({ ...connection, max: 8 });
  return {
    connection,
    pool,
    async drop() {
      await pool.end();
      await asOwner(`drop database ${database} with (force)`);
    },
  };
}

async function asOwner(statement: string): Promise<void> {
  const client = new pg.Client({ ...inject("postgres"), database: "postgres" });
  client.on("error", () => {});
  await client.connect();
  await client.query(statement);
  await client.end();
}
