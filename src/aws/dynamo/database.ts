import { DAY_S } from "../../time.ts";
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { sumOfCounts } from "../../flight/rejection.ts";
import type { Batch } from "../../flight/batch.ts";
import { identities, type Identities } from "../../flight/identity.ts";
import { rowsOfDelivery } from "../../flight/batch-rows.ts";
import { inParallel } from "../../in-parallel.ts";
import { newestRows } from "../../flight/newest.ts";
import type { Applied, BatchWrite, DatabasePorts, Delivery, DeliveryName, Flow } from "../../flow/ports.ts";
import { backoff, pause } from "../../retry.ts";
import { flowOf } from "../../flow/objects/ids.ts";
import { ledgerKey, type DynamoOptions, type DynamoContext } from "./ledger.ts";
import { attributes, dayOf, observation, tileOf, WRITES_AT_ONCE, type Item } from "./client.ts";
import { dynamoLedger } from "./totals.ts";
import { dynamoReader } from "./reads.ts";
import { available } from "../errors.ts";
import { tableName } from "./tables.ts";

const KEYS_A_READ = 100;

/**
 * The `Database` port on DynamoDB, where a batch is one delivery. There are no transactions: a row is put where its identity
 * is free or held by the same delivery, so that a delivery that died half-way counts the same when it comes again; its
 * ledger row is written last and once.
 */
export function dynamoDatabase(client: DynamoDBClient, options: DynamoOptions): DatabasePorts {
  const context: DynamoContext = { client, ...options };
  const days = new Set<string>();
  return {
    reader: dynamoReader(context),
    ledger: dynamoLedger(context),
    sink: {
      apply: (write) => available("DynamoDB", () => applyEach(context, write, days)),
      delivered: (deliveries) => available("DynamoDB", () => readDelivered(context, deliveries)),
      ping: () =>
        available("DynamoDB", async () => {
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
  const held: Held = { seen: identities(), rows: new Map() };
  for (const [i, delivery] of deliveries.entries()) {
    const isKnown = known.has(delivery.id);
    if (i <= lastFresh) await holdRows(context, { rows: rowsOfDelivery(batch, i), id: delivery.id, isKnown }, held);
    const accepted = held.rows.get(delivery.id) ?? 0;
    const applied = isKnown
      ? await countRepeat(context, delivery)
      : await putLedger(context, { delivery, contract, accepted, days });
    known.add(delivery.id);
    for (const name of Object.keys(total) as (keyof Applied)[]) total[name] += applied[name];
  }
  return total;
}

/** How many rows of this application each delivery holds, each identity counted once. */
interface Held {
  seen: Identities;
  rows: Map<string, number>;
}

/**
 * Puts a delivery's rows, those of a known one excepted, and counts each as its holder's: that may be a delivery which died
 * before its ledger's row and comes later in this application, where this delivery's row, the first to arrive, stands for
 * its own.
 */
async function holdRows(
  context: DynamoContext,
  { rows, id, isKnown }: { rows: Batch; id: string; isKnown: boolean },
  held: Held,
): Promise<void> {
  await inParallel(indices(rows), WRITES_AT_ONCE, async (i) => {
    const key = stateKey(rows, i);
    const holder = isKnown
      ? await holderOf(context, key)
      : await putState(context, key, rowItem(context, rows, { i, id }));
    if (holder !== undefined && held.seen.add(rows, i)) held.rows.set(holder, (held.rows.get(holder) ?? 0) + 1);
  });
  if (!isKnown) await putNewest(context, rows, id);
}

interface One {
  delivery: Delivery;
  contract: string;
  accepted: number;
  days: Set<string>;
}

async function putLedger(context: DynamoContext, { delivery, contract, accepted, days }: One): Promise<Applied> {
  const rejected = sumOfCounts(delivery.rejected);
  const counts = { received: delivery.rows, accepted, duplicate: delivery.rows - rejected - accepted, rejected };
  await noteDay(context, { flow: flowOf(delivery.id), received_at: delivery.received_at, days });
  const refused = await putIf(context, {
    TableName: tableName(context.prefix, "batches"),
    Item: {
      ...ledgerKey(flowOf(delivery.id), delivery),
      contract: { S: contract },
      received: { N: String(counts.received) },
      accepted: { N: String(counts.accepted) },
      duplicate: { N: String(counts.duplicate) },
      rejected: { M: Object.fromEntries(Object.entries(delivery.rejected).map(([of, n]) => [of, { N: String(n) }])) },
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
  observation: { S: observationAt(batch, i) },
});

/** The delivery whose row stands at a key; undefined where none does. */
async function holderOf({ client, prefix }: DynamoContext, Key: Item): Promise<string | undefined> {
  const TableName = tableName(prefix, "states");
  const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item?.["batch_id"]?.S;
}

/** Puts a row where its identity is free or its own delivery's; returns the delivery that holds it then. */
async function putState(context: DynamoContext, key: Item, item: Item): Promise<string | undefined> {
  const refused = await putIf(context, {
    TableName: tableName(context.prefix, "states"),
    Item: { ...item, ...key },
    ConditionExpression: "attribute_not_exists(aircraft_day) OR batch_id = :id",
    ExpressionAttributeValues: { ":id": item["batch_id"] ?? { S: "" } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  if (refused === null) return item["batch_id"]?.S;
  // some stand-ins of DynamoDB do not tell
  return refused.Item?.["batch_id"]?.S ?? holderOf(context, key);
}

/** Of each aircraft the newest row of the delivery, where it is newer than the one that stands there. */
async function putNewest(context: DynamoContext, batch: Batch, id: string): Promise<void> {
  const marks = newestRows(batch, Int32Array.from(indices(batch)));
  const newest = indices(batch).filter((i) => marks[i] === 1);
  await inParallel(newest, WRITES_AT_ONCE, async (i) => {
    const { latitude, longitude } = batch.columns;
    const tile = tileOf(latitude[i] ?? NaN, longitude[i] ?? NaN);
    await putIf(context, {
      TableName: tableName(context.prefix, "aircraft"),
      Item: {
        ...rowItem(context, batch, { i, id }),
        newest: { S: observationAt(batch, i) },
        ...(Number.isNaN(tile) ? {} : { tile: { N: String(tile) } }),
      },
      ConditionExpression: "attribute_not_exists(icao24) OR newest < :newest",
      ExpressionAttributeValues: { ":newest": { S: observationAt(batch, i) } },
    });
  });
}

const indices = (batch: Batch): number[] => Array.from({ length: batch.rows }, (_, i) => i);

function observationAt({ columns }: Batch, i: number): string {
  const position = columns.time_position[i] ?? NaN;
  return observation(columns.last_contact[i] ?? 0, Number.isNaN(position) ? null : position, columns.source[i] ?? "");
}

const rowItem = ({ retention_days }: DynamoContext, batch: Batch, { i, id }: { i: number; id: string }): Item => ({
  ...attributes(batch, i, id),
  expires_at: { N: String(Math.floor((batch.received_at[i] ?? 0) + retention_days * DAY_S)) },
});

/** Puts an item under a condition; null, or why it was refused. */
async function putIf(
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

/** Remembers which days the ledger has, so that sums need not search for them. */
async function noteDay(
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

/** Reads in hundreds; keys that a throttled table left out are asked for again after a back-off. */
async function readDelivered({ client, prefix }: DynamoContext, of: readonly DeliveryName[]): Promise<Set<string>> {
  const TableName = tableName(prefix, "batches");
  const unique = [...new Map(of.map((one) => [one.id, one])).values()];
  const found = new Set<string>();
  for (let start = 0; start < unique.length; start += KEYS_A_READ) {
    let keys: Item[] = unique.slice(start, start + KEYS_A_READ).map((one) => ledgerKey(flowOf(one.id), one));
    for (let failures = 0; keys.length > 0; failures++) {
      const RequestItems = { [TableName]: { Keys: keys, ProjectionExpression: "delivery_id", ConsistentRead: true } };
      const answer = await client.send(new BatchGetItemCommand({ RequestItems }));
      for (const { delivery_id } of answer.Responses?.[TableName] ?? []) found.add(delivery_id?.S ?? "");
      keys = answer.UnprocessedKeys?.[TableName]?.Keys ?? [];
      if (keys.length > 0) await pause(backoff(failures), new AbortController().signal);
    }
  }
  return found;
}
