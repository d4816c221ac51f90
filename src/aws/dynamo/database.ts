import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { rowsOfDelivery } from "../../flight/batch-rows.ts";
import type { Batch } from "../../flight/batch.ts";
import { identities, type Identities } from "../../flight/identity.ts";
import { newestRows } from "../../flight/newest.ts";
import { sumOfCounts } from "../../flight/rejection.ts";
import { flowOf } from "../../flow/objects/ids.ts";
import type { Applied, BatchWrite, DatabasePorts, Delivery, DeliveryRef, Flow } from "../../flow/ports.ts";
import { inParallel } from "../../in-parallel.ts";
import { backoff, pause } from "../../retry.ts";
import { DAY_S } from "../../time.ts";
import { callService } from "../errors.ts";
import { attributes, dayOf, MAX_WRITES, observationKey, tileOf, type Item } from "./client.ts";
import { ledgerKey, type DynamoOptions, type DynamoContext } from "./context.ts";
import { dynamoReader } from "./reads.ts";
import { tableName } from "./tables.ts";
import { dynamoLedger } from "./totals.ts";

/** The limit of BatchGetItem. */
const MAX_KEYS_PER_READ = 100;

/**
 * The database ports on DynamoDB, where a batch is one delivery. No transaction spans its rows. Instead, a row is put under the
 * condition that its identity is free or owned by the same delivery. A delivery that failed half-way therefore counts the same
 * when it is redelivered. Its ledger item is written last, and only once.
 */
export function dynamoDatabase(client: DynamoDBClient, options: DynamoOptions): DatabasePorts {
  const context: DynamoContext = { client, ...options };
  const days = new Set<string>();
  return {
    reader: dynamoReader(context),
    ledger: dynamoLedger(context),
    sink: {
      apply: (write) => callService("DynamoDB", () => applyEach(context, write, days)),
      delivered: (deliveries) => callService("DynamoDB", () => readDelivered(context, deliveries)),
      ping: () =>
        callService("DynamoDB", async () => {
          await client.send(new DescribeTableCommand({ TableName: tableName(options.prefix, "batches") }));
        }),
    },
  };
}

async function applyEach(context: DynamoContext, write: BatchWrite, days: Set<string>): Promise<Applied> {
  const { deliveries, batch, contract } = write;
  const total: Applied = { received: 0, accepted: 0, duplicate: 0, rejected: 0, repeats: 0 };
  const known = await readDelivered(context, deliveries);
  const lastFresh = deliveries.findLastIndex(({ id }) => !known.has(id));
  const owned: OwnedRows = { seen: identities(), rows: new Map() };
  for (const [i, delivery] of deliveries.entries()) {
    const isKnown = known.has(delivery.id);
    if (i <= lastFresh) await putRows(context, { rows: rowsOfDelivery(batch, i), id: delivery.id, isKnown }, owned);
    const accepted = owned.rows.get(delivery.id) ?? 0;
    const applied = isKnown
      ? await countRepeat(context, delivery)
      : await putLedger(context, { delivery, contract, accepted, days });
    known.add(delivery.id);
    for (const name of Object.keys(total) as (keyof Applied)[]) total[name] += applied[name];
  }
  return total;
}

/** The number of rows in this write that each delivery owns. Each identity is counted once. */
interface OwnedRows {
  seen: Identities;
  rows: Map<string, number>;
}

/**
 * Puts the rows of a delivery and counts each for the delivery that owns its identity. Rows of a known delivery are only
 * counted. The owner may be a later delivery of the same write: an earlier attempt stored its row but failed before its ledger
 * item. That row is then counted here, at the first row with its identity.
 */
async function putRows(
  context: DynamoContext,
  { rows, id, isKnown }: { rows: Batch; id: string; isKnown: boolean },
  owned: OwnedRows,
): Promise<void> {
  await inParallel(indices(rows), MAX_WRITES, async (i) => {
    const key = stateKey(rows, i);
    const owner = isKnown
      ? await ownerOf(context, key)
      : await putState(context, key, rowItem(context, rows, { i, id }));
    if (owner !== undefined && owned.seen.add(rows, i)) owned.rows.set(owner, (owned.rows.get(owner) ?? 0) + 1);
  });
  if (!isKnown) await putNewest(context, rows, id);
}

interface LedgerWrite {
  delivery: Delivery;
  contract: string;
  accepted: number;
  days: Set<string>;
}

async function putLedger(
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

async function countRepeat({ client, prefix }: DynamoContext, delivery: Delivery): Promise<Applied> {
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

const stateKey = (batch: Batch, i: number) => ({
  aircraft_day: { S: `${batch.columns.icao24[i]}#${dayOf(batch.columns.last_contact[i] ?? 0)}` },
  observation: { S: observationOf(batch, i) },
});

/** The delivery whose row is stored under a key. Undefined when the key has no row. */
async function ownerOf({ client, prefix }: DynamoContext, Key: Item): Promise<string | undefined> {
  const TableName = tableName(prefix, "states");
  const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item?.["batch_id"]?.S;
}

/** Puts a row if its identity is free or owned by its delivery. Returns the delivery that owns the identity afterwards. */
async function putState(context: DynamoContext, key: Item, item: Item): Promise<string | undefined> {
  const refused = await putConditionally(context, {
    TableName: tableName(context.prefix, "states"),
    Item: { ...item, ...key },
    ConditionExpression: "attribute_not_exists(aircraft_day) OR batch_id = :id",
    ExpressionAttributeValues: { ":id": item["batch_id"] ?? { S: "" } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  if (refused === null) return item["batch_id"]?.S;
  // some emulators of DynamoDB do not return the stored item
  return refused.Item?.["batch_id"]?.S ?? ownerOf(context, key);
}

/** Puts the newest row of each aircraft in the delivery, if it is newer than the stored one. */
async function putNewest(context: DynamoContext, batch: Batch, id: string): Promise<void> {
  const marks = newestRows(batch, Int32Array.from(indices(batch)));
  const newest = indices(batch).filter((i) => marks[i] === 1);
  await inParallel(newest, MAX_WRITES, async (i) => {
    const { latitude, longitude } = batch.columns;
    const tile = tileOf(latitude[i] ?? NaN, longitude[i] ?? NaN);
    await putConditionally(context, {
      TableName: tableName(context.prefix, "aircraft"),
      Item: {
        ...rowItem(context, batch, { i, id }),
        newest: { S: observationOf(batch, i) },
        ...(Number.isNaN(tile) ? {} : { tile: { N: String(tile) } }),
      },
      ConditionExpression: "attribute_not_exists(icao24) OR newest < :newest",
      ExpressionAttributeValues: { ":newest": { S: observationOf(batch, i) } },
    });
  });
}

const indices = (batch: Batch): number[] => Array.from({ length: batch.rows }, (_, i) => i);

function observationOf({ columns }: Batch, i: number): string {
  const position = columns.time_position[i] ?? NaN;
  return observationKey(
    columns.last_contact[i] ?? 0,
    Number.isNaN(position) ? null : position,
    columns.source[i] ?? "",
  );
}

const rowItem = ({ retention_days }: DynamoContext, batch: Batch, { i, id }: { i: number; id: string }): Item => ({
  ...attributes(batch, i, id),
  expires_at: { N: String(Math.floor((batch.received_at[i] ?? 0) + retention_days * DAY_S)) },
});

/** Puts an item under a condition. Returns null, or the error when the condition was false. */
async function putConditionally(
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
async function readDelivered(
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
