import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DeliveryName, Flow } from "../../flow/ports.ts";
import { dayOf, type Item } from "./client.ts";

export interface DynamoOptions {
  /** What the tables' names begin with. */
  prefix: string;
  /** Days after which DynamoDB removes a row. */
  retention_days: number;
}
export interface DynamoContext extends DynamoOptions {
  client: DynamoDBClient;
}

/** Where a delivery stands in the ledger. */
export const ledgerKey = (flow: Flow, { id, received_at }: DeliveryName): Item => ({
  flow_day: { S: `${flow}#${dayOf(received_at)}` },
  delivery_id: { S: id },
});
