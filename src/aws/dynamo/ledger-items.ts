import { BatchGetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { sumOfCounts } from "../../flight/rejection.ts";
import { flowOf } from "../../flow/objects/ids.ts";
import type { Applied, Delivery, DeliveryRef, Flow } from "../../flow/ports.ts";
import { backoff, pause } from "../../retry.ts";
import { dayOf, type Item } from "./client.ts";
import { ledgerKey, putConditionally, type DynamoContext } from "./context.ts";
import { tableName } from "./tables.ts";

/** The limit of BatchGetItem. */
const MAX_KEYS_PER_READ = 100;

export interface LedgerWrite {
  delivery: Delivery;
  contract: string;
  /** The number of rows that the delivery owns. */
  accepted: number;
  /** The days that this process has saved. `putLedger` adds to it. */
  days: Set<string>;
}

/** Writes the ledger item of a delivery whose rows are stored. Counts a repeat if the delivery already has one. */
export async function putLedger(
  context: DynamoContext,
  { delivery, contract, accepted, days }: LedgerWrite,
): Promise<Applied> {
  const rejected = sumOfCounts(delivery.rejected);
  const counts = { received: delivery.rows, accepted, duplicate: delivery.rows - rejected - accepted, rejected };
  await saveDay(context, { flow: flowOf(delivery.id), received_at: delivery.received_at, days });
  const refused = await putConditionally(context, {
    TableName: tableName(context.prefix, "batches"),
    Item: {
      ...ledgerKey(flowOf(delivery.id), delivery),
      contract: { S: contract },
      received: { N: String(counts.received) },
      accepted: { N: String(counts.accepted) },
      duplicate: { N: String(counts.duplicate) },
      rejected: {
        M: Object.fromEntries(Object.entries(delivery.rejected).map(([reason, n]) => [reason, { N: String(n) }])),
      },
      repeats: { N: "0" },
      expired: { N: "0" },
      received_at: { N: String(delivery.received_at) },
      applied_at: { N: String(Math.floor(Date.now() / 1000)) },
    },
    ConditionExpression: "attribute_not_exists(delivery_id)",
  });
  return refused === null ? { ...counts, repeats: 0 } : countRepeat(context, delivery);
}

/** Adds the rows of a redelivery to the repeats of its ledger item. */
export async function countRepeat({ client, prefix }: DynamoContext, delivery: Delivery): Promise<Applied> {
  await client.send(
    new UpdateItemCommand({
      TableName: tableName(prefix, "batches"),
      Key: ledgerKey(flowOf(delivery.id), delivery),
      UpdateExpression: "ADD repeats :rows",
      ExpressionAttributeValues: { ":rows": { N: String(delivery.rows) } },
    }),
  );
  return { received: 0, accepted: 0, duplicate: 0, rejected: 0, repeats: delivery.rows };
}

/** Saves that the ledger has deliveries of a day, so that totals need not search for days. */
async function saveDay(
  { client, prefix }: DynamoContext,
  { flow, received_at, days }: { flow: Flow; received_at: number; days: Set<string> },
): Promise<void> {
  const day = dayOf(received_at);
  if (days.has(`${flow}#${day}`)) return;
  await client.send(
    new UpdateItemCommand({
      TableName: tableName(prefix, "batches"),
      Key: { flow_day: { S: "days" }, delivery_id: { S: flow } },
      UpdateExpression: "ADD days :day",
      ExpressionAttributeValues: { ":day": { SS: [day] } },
    }),
  );
  days.add(`${flow}#${day}`);
}

/** The ids of deliveries that have a ledger item. Keys that a throttled table left out are requested again after a back-off. */
export async function readDelivered(
  { client, prefix }: DynamoContext,
  deliveries: readonly DeliveryRef[],
): Promise<Set<string>> {
  const TableName = tableName(prefix, "batches");
  const unique = [...new Map(deliveries.map((delivery) => [delivery.id, delivery])).values()];
  const delivered = new Set<string>();
  for (let start = 0; start < unique.length; start += MAX_KEYS_PER_READ) {
    let keys: Item[] = unique
      .slice(start, start + MAX_KEYS_PER_READ)
      .map((delivery) => ledgerKey(flowOf(delivery.id), delivery));
    for (let failures = 0; keys.length > 0; failures++) {
      const RequestItems = { [TableName]: { Keys: keys, ProjectionExpression: "delivery_id", ConsistentRead: true } };
      const answer = await client.send(new BatchGetItemCommand({ RequestItems }));
      for (const { delivery_id } of answer.Responses?.[TableName] ?? []) delivered.add(delivery_id?.S ?? "");
      keys = answer.UnprocessedKeys?.[TableName]?.Keys ?? [];
      if (keys.length > 0) await pause(backoff(failures), new AbortController().signal);
    }
  }
  return delivered;
}
