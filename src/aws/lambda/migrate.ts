import type { CloudFormationCustomResourceEvent } from "aws-lambda";
import { readConfig } from "../../config.ts";
import { migrate } from "../../postgres/migrate.ts";
import { newPool } from "../../postgres/transaction.ts";
import { handleCustomResource } from "../custom-resource.ts";
import { prepareRole, tableOwner } from "../database-role.ts";
import { rdsConnection } from "../rds.ts";

const config = readConfig(process.env, "/tmp");
const connection = rdsConnection(config);
const role = config.deployed.postgres_role;

/** A custom resource of the deployment. Creates the functions' role, then migrates the schema as the owner of the tables. */
export const handler = (event: CloudFormationCustomResourceEvent): Promise<void> =>
  handleCustomResource(event, async () => {
    const owner = newPool({ ...connection, max: 1, connectionTimeoutMillis: 60_000 });
    try {
      const client = await owner.connect();
      await prepareRole(client, { role, database: String(connection.database) });
      await client.query(`set role ${client.escapeIdentifier(tableOwner(role))}`);
      client.release();
      return { migrated: (await migrate(owner)).join(" ") };
    } finally {
      await owner.end();
    }
  });
