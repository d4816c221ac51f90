import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DeliveryRef, Flow } from "../../flow/ports.ts";
import { dayOf, type Item } from "./client.ts";

export interface DynamoOptions {
  /** The first part of the tables' names. */
  prefix: string;
  /** Days after which DynamoDB deletes a row. */
  retention_days: number;
}
export interface DynamoContext extends DynamoOptions {
  client: DynamoDBClient;
}

/** The key of a delivery's ledger item. */
export const ledgerKey = (flow: Flow, { id, received_at }: DeliveryRef): Item => ({
  flow_day: { S: `${flow}#${dayOf(received_at)}` },
  delivery_id: { S: id },
});
