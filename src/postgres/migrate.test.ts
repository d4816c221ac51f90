import { expect, onTestFinished, test } from "vitest";
import { freshDatabase } from "../../test/harness/fresh-database.ts";
import { fields, systemFields, type ParquetType } from "../flight/contract.ts";
import { NewerSchemaError } from "../flow/errors.ts";
import { migrate } from "./migrate.ts";
import { query } from "./transaction.ts";

const postgresTypes: Record<ParquetType, string> = {
  STRING: "text",
  DOUBLE: "double precision",
  BOOLEAN: "boolean",
  INT64: "bigint",
  INT32: "integer",
};
const database = async () => {
  const fresh = await freshDatabase();
  onTestFinished(() => fresh.drop());
  return fresh;
};

test.each(["state_vectors", "aircraft"])(
  "the columns of %s are the contract's fields, in their order",
  async (table) => {
    const { pool } = await database();
    const columns = await query<{ name: string; type: string; nullable: boolean }>(
      pool,
      `select column_name as name, data_type as type, is_nullable = 'YES' as nullable
     from information_schema.columns where table_name = $1 order by ordinal_position`,
      [table],
    );
    expect(columns).toEqual(
      [...fields, ...systemFields].map(({ name, parquet, nullable }) => ({
        name,
        type: postgresTypes[parquet],
        nullable,
      })),
    );
  },
);

test("a second migration runs nothing, and two concurrent migrations run each file once", async () => {
  const { pool } = await database();
  expect(await migrate(pool)).toEqual([]);
  await query(pool, "drop schema public cascade");
  await query(pool, "create schema public");
  const [one, two] = await Promise.all([migrate(pool), migrate(pool)]);
  expect([one.length, two.length].sort()[0]).toBe(0);
  expect(one.length + two.length).toBeGreaterThan(2);
});

test("a schema that is newer than the program is an error that names the migration", async () => {
  const { pool } = await database();
  await query(pool, "insert into migrations (number, file) values (999, '999-from-the-future.sql')");
  await expect(migrate(pool)).rejects.toThrow(NewerSchemaError);
  await expect(migrate(pool)).rejects.toThrow("999-from-the-future.sql");
});
