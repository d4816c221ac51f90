import pg from "pg";

/** PostgreSQL's names in statements that take no parameters. */
const quoted = (name: string): string => pg.escapeIdentifier(name);

/** Who owns the tables: nobody logs in as it. */
export const ownerOf = (role: string): string => `${role}_tables`;

/**
 * Makes the role that the functions log in as, which IAM tokens are good for, and the role that owns the tables, whose part
 * it takes as soon as it logs in; `client` is the database owner's connection. What stands there already stays.
 *
 * The database's owner logs in by password. It must take no part in the functions' role: whoever takes part in `rds_iam`,
 * also by way of another role, is let in by tokens alone.
 */
export async function prepareRole(
  client: pg.ClientBase,
  { role, database }: { role: string; database: string },
): Promise<void> {
  const tables = ownerOf(role);
  await make(client, tables, "nologin");
  await make(client, role, "login");
  await client.query(`grant ${quoted(tables)} to ${quoted(role)}`);
  await client.query(`grant ${quoted(tables)} to current_user`);
  await client.query(`alter role ${quoted(role)} set role = ${quoted(tables)}`);
  await client.query(`grant all on database ${quoted(database)} to ${quoted(tables)}`);
  await client.query(`grant all on schema public to ${quoted(tables)}`);
  const { rows } = await client.query("select from pg_roles where rolname = 'rds_iam'");
  if (rows.length > 0) await client.query(`grant rds_iam to ${quoted(role)}`);
}

async function make(client: pg.ClientBase, role: string, may: "login" | "nologin"): Promise<void> {
  const { rows } = await client.query("select from pg_roles where rolname = $1", [role]);
  if (rows.length === 0) await client.query(`create role ${quoted(role)} ${may}`);
}
