import { CreateTableCommand, type DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { tableName, tables, type Table } from "../../../src/aws/dynamo/tables.ts";

/** Creates the deployment's tables like the CDK app. Resolves when they accept requests. */
export async function createTables(client: DynamoDBClient, prefix: string): Promise<void> {
  const names = Object.keys(tables) as (keyof typeof tables)[];
  for (const name of names) {
    const { partition_key, sort_key, index }: Table = tables[name];
    const keys = [partition_key, ...(sort_key === undefined ? [] : [sort_key])];
    const schema = (attributes: readonly string[]) =>
      attributes.map((AttributeName, i) => ({
        AttributeName,
        KeyType: i === 0 ? ("HASH" as const) : ("RANGE" as const),
      }));
    await client.send(
      new CreateTableCommand({
        TableName: tableName(prefix, name),
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: schema(keys),
        AttributeDefinitions: [
          ...keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
          ...(index === undefined ? [] : [{ AttributeName: index.partition_key, AttributeType: index.partition_type }]),
        ],
        ...(index === undefined
          ? {}
          : {
              GlobalSecondaryIndexes: [
                {
                  IndexName: index.name,
                  KeySchema: schema([index.partition_key, index.sort_key]),
                  Projection: { ProjectionType: "ALL" },
                },
              ],
            }),
      }),
    );
  }
  const waiter = { client, maxWaitTime: 120, minDelay: 0.01, maxDelay: 0.1 };
  for (const name of names) await waitUntilTableExists(waiter, { TableName: tableName(prefix, name) });
}
