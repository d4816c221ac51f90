import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { freshDatabase } from "../../test/harness/fresh-database.ts";
import { migrate } from "../postgres/migrate.ts";
import { newPool } from "../postgres/transaction.ts";
import { prepareRole, tableOwner } from "./database-role.ts";

/** A database with Aurora's `rds_iam` role. As on Aurora, its owner is not a superuser. */
async function auroraLikeDatabase() {
  const fresh = await freshDatabase();
  const suffix = Math.random().toString(36).slice(2, 10);
  const [owner, role] = [`owner_${suffix}`, `functions_${suffix}`];
  const database = String(fresh.connection.database);
  const asRoot = async (sql: string) => (await fresh.pool.query<Record<string, unknown>>(sql)).rows;
  await asRoot(`create role ${owner} login createrole createdb`);
  await asRoot(`do $$ begin create role rds_iam; exception when duplicate_object then null; end $$`);
  await asRoot(`grant rds_iam to ${owner} with admin true, inherit false, set false`);
  await asRoot(`grant all on database "${database}" to ${owner} with grant option`);
  await asRoot(`grant all on schema public to ${owner} with grant option`);
  const pools: pg.Pool[] = [];
  const as = (user: string): pg.Pool => {
    const pool = newPool({ ...fresh.connection, user, max: 1 });
    pools.push(pool);
    return pool;
  };
  onTestFinished(async () => {
    for (const pool of pools) await pool.end();
    await fresh.drop();
  });
  return { owner, role, database, asRoot, as };
}

test("the functions' role is a member of rds_iam, and the database's owner does not inherit that", async () => {
  const { owner, role, database, asRoot, as } = await auroraLikeDatabase();
  const pool = as(owner);
  for (let runs = 0; runs < 2; runs++) {
    const client = await pool.connect();
    await prepareRole(client, { role, database });
    client.release();
  }
  const [granted] = await asRoot(`select pg_has_role('${role}', 'rds_iam', 'member') as is_member`);
  expect(granted).toEqual({ is_member: true });
  // PostgreSQL lets the creator of a role grant it, but neither inherit from it nor switch to it
  expect(
    await asRoot(
      `select inherit_option or set_option as uses_role from pg_auth_members
       where roleid = '${role}'::regrole and member = '${owner}'::regrole`,
    ),
  ).toEqual([{ uses_role: false }]);
});

test("tables that the migration creates and partitions that a function creates have the same owner", async () => {
  const { owner, role, database, asRoot, as } = await auroraLikeDatabase();
  await asRoot("drop schema public cascade");
  await asRoot("create schema public");
  await asRoot(`grant all on schema public to ${owner} with grant option`);
  const pool = as(owner);
  const client = await pool.connect();
  await prepareRole(client, { role, database });
  await client.query(`set role ${tableOwner(role)}`);
  client.release();
  await migrate(pool);
  await as(role).query(
    "create table state_vectors_x partition of state_vectors for values from (1700000000) to (1700086400)",
  );
  expect(
    await asRoot("select distinct tableowner from pg_tables where schemaname = 'public' and tablename like 'state%'"),
  ).toEqual([{ tableowner: tableOwner(role) }]);
});
