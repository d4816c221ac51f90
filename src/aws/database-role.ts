import pg from "pg";

/** An identifier for statements that cannot take parameters. */
const quoted = (name: string): string => pg.escapeIdentifier(name);

/** The role that owns the tables. It cannot log in. */
export const tableOwner = (role: string): string => `${role}_tables`;

/**
 * Creates two roles: `role`, as which the functions log in with IAM tokens, and the owner of the tables. A session of `role`
 * switches to the owner of the tables at login. Existing roles stay. `client` is a connection of the database's owner.
 *
 * Invariant: the database's owner, who logs in with a password, is not a member of `role`. RDS accepts only tokens from
 * direct and indirect members of `rds_iam`.
 */
export async function prepareRole(
  client: pg.ClientBase,
  { role, database }: { role: string; database: string },
): Promise<void> {
  const tables = tableOwner(role);
  await createRole(client, tables, "nologin");
  await createRole(client, role, "login");
  await client.query(`grant ${quoted(tables)} to ${quoted(role)}`);
  await client.query(`grant ${quoted(tables)} to current_user`);
  await client.query(`alter role ${quoted(role)} set role = ${quoted(tables)}`);
  await client.query(`grant all on database ${quoted(database)} to ${quoted(tables)}`);
  await client.query(`grant all on schema public to ${quoted(tables)}`);
  const { rows } = await client.query("select from pg_roles where rolname = 'rds_iam'");
  if (rows.length > 0) await client.query(`grant rds_iam to ${quoted(role)}`);
}

async function createRole(client: pg.ClientBase, role: string, login: "login" | "nologin"): Promise<void> {
  const { rows } = await client.query("select from pg_roles where rolname = $1", [role]);
  if (rows.length === 0) await client.query(`create role ${quoted(role)} ${login}`);
}
