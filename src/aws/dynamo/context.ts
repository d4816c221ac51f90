import { ConditionalCheckFailedException, PutItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
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

/** Puts an item under a condition. Returns null, or the error when the condition was false. */
export async function putConditionally(
  { client }: DynamoContext,
  input: ConstructorParameters<typeof PutItemCommand>[0],
): Promise<ConditionalCheckFailedException | null> {
  try {
    await client.send(new PutItemCommand(input));
    return null;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return error;
    throw error;
  }
}
