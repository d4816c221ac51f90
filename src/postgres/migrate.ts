import { readFileSync, readdirSync } from "node:fs";
import type pg from "pg";
import { NewerSchemaError } from "../flow/errors.ts";
import { LOCKS } from "./locks.ts";
import { sqlFolder } from "./statements.ts";
import { transaction } from "./transaction.ts";

/** The numbered files of sql/, in order. */
export const migrations = (): { number: number; file: string }[] =>
  readdirSync(sqlFolder)
    .filter((file) => /^\d{3}-.*\.sql$/.test(file))
    .sort()
    .map((file) => ({ number: Number(file.slice(0, 3)), file }));

/**
 * Migrates the schema to the newest version that this program knows, in one transaction. An advisory lock makes concurrent
 * migrations wait for each other. Returns the names of the files that ran. Throws `NewerSchemaError` if the schema is newer
 * than this program.
 */
export function migrate(pool: pg.Pool): Promise<string[]> {
  return transaction(pool, async (client) => {
    await client.query("select pg_advisory_xact_lock($1)", [LOCKS.migration]);
    await client.query(
      "create table if not exists migrations (number integer primary key, file text not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query<{ number: number; file: string }>(
      "select number, file from migrations order by number",
    );
    const known = migrations();
    const newest = rows.at(-1);
    if (newest !== undefined && newest.number > (known.at(-1)?.number ?? 0))
      throw new NewerSchemaError(
        `the database has migration ${newest.file}, which this version of Flightline does not know: upgrade Flightline`,
      );
    const open = known.filter(({ number }) => !rows.some((row) => row.number === number));
    for (const { number, file } of open) {
      await client.query(readFileSync(`${sqlFolder}${file}`, "utf8"));
      await client.query("insert into migrations (number, file) values ($1, $2)", [number, file]);
    }
    return open.map(({ file }) => file);
  });
}
