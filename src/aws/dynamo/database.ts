import { DescribeTableCommand, GetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { rowsOfDelivery } from "../../flight/batch-rows.ts";
import type { Batch } from "../../flight/batch.ts";
import { identities, type Identities } from "../../flight/identity.ts";
import { newestRows } from "../../flight/newest.ts";
import type { Applied, BatchWrite, DatabasePorts } from "../../flow/ports.ts";
import { inParallel } from "../../in-parallel.ts";
import { DAY_S } from "../../time.ts";
import { callService } from "../errors.ts";
import { attributes, dayOf, MAX_WRITES, observationKey, tileOf, type Item } from "./client.ts";
import { putConditionally, type DynamoOptions, type DynamoContext } from "./context.ts";
import { countRepeat, putLedger, readDelivered } from "./ledger-items.ts";
import { dynamoReader } from "./reads.ts";
import { tableName } from "./tables.ts";
import { dynamoLedger } from "./totals.ts";

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
