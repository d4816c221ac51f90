import pg from "pg";

/** PostgreSQL's names in statements that take no parameters. */
const quoted = (name: string): string => pg.escapeIdentifier(name);

/**
 * Makes the role that the functions log in as, which IAM tokens are good for, and gives it the database; `client` is the
 * owner's connection. What stands there already stays.
 */
export async function prepareRole(
  client: pg.ClientBase,
  { role, database }: { role: string; database: string },
): Promise<void> {
  const { rows } = await client.query("select from pg_roles where rolname = $1", [role]);
  if (rows.length === 0) await client.query(`create role ${quoted(role)} login`);
  const { rows: iam } = await client.query("select from pg_roles where rolname = 'rds_iam'");
  if (iam.length > 0) await client.query(`grant rds_iam to ${quoted(role)}`);
  await client.query(`grant ${quoted(role)} to current_user`);
  await client.query(`grant all on database ${quoted(database)} to ${quoted(role)}`);
  await client.query(`grant all on schema public to ${quoted(role)}`);
}
