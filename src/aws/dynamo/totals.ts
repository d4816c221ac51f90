import {
  ConditionalCheckFailedException,
  GetItemCommand,
  paginateQuery,
  paginateScan,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { addTotals, noTotals } from "../../flow/ledger/totals.ts";
import { FLOWS, flowOf } from "../../flow/objects/ids.ts";
import type { Flow, FlowTotals, Ledger, LedgerRow, Totals, TotalsQuery } from "../../flow/ports.ts";
import { callService } from "../errors.ts";
import { dayOf, type Item } from "./client.ts";
import { ledgerKey, type DynamoContext } from "./context.ts";
import { ledgerRow, readLedgerRow } from "./reads.ts";
import { tableName } from "./tables.ts";

/** A report lists at most this many unbalanced batches. */
const MAX_UNBALANCED = 5;

/** The `Ledger` port. It counts the stored rows only for `verify`, because that reads the whole table. */
export const dynamoLedger = (context: DynamoContext): Ledger => ({
  batch: (name) => callService("DynamoDB", () => readLedgerRow(context, name)),
  totals: (query) => callService("DynamoDB", () => readTotals(context, query)),
  past: (at) => callService("DynamoDB", () => readPast(context, at)),
  expire: (received_at) => callService("DynamoDB", () => expireBatches(context, received_at)),
});

async function readTotals(context: DynamoContext, { since, verify = false }: TotalsQuery): Promise<Totals> {
  const stored_at = Date.now() / 1000;
  const flows: Record<Flow, FlowTotals> = { request: noTotals(), stream: noTotals() };
  const ledgers = new Map<string, LedgerRow>();
  const ingestions: string[] = [];
  for (const flow of FLOWS)
    for (const day of (await readDays(context, flow)).days)
      for await (const row of ledgerOf(context, flow, day)) {
        addTotals(flows[flow], row);
        if (verify) ledgers.set(row.batch_id, row);
        if (flow === "request" && row.applied_at >= since) ingestions.push(row.batch_id);
      }
  if (verify) await countTables(context, { flows, ledgers });
  return { flows, stored_at, ingestions };
}

async function readPast(context: DynamoContext, at: number): Promise<Record<Flow, FlowTotals>> {
  const flows = { request: noTotals(), stream: noTotals() };
  for (const flow of FLOWS)
    for (const day of (await readDays(context, flow)).days)
      for await (const row of ledgerOf(context, flow, day)) if (row.applied_at <= at) addTotals(flows[flow], row);
  return flows;
}

/** The days in the ledger, and the Unix time before which all deliveries are counted as expired. */
async function readDays(
  { client, prefix }: DynamoContext,
  flow: Flow,
): Promise<{ days: string[]; expired_before: number }> {
  const { Item: item } = await client.send(
    new GetItemCommand({
      TableName: tableName(prefix, "batches"),
      Key: { flow_day: { S: "days" }, delivery_id: { S: flow } },
      ConsistentRead: true,
    }),
  );
  return { days: [...(item?.["days"]?.SS ?? [])].sort(), expired_before: Number(item?.["expired_before"]?.N ?? 0) };
}

async function* ledgerOf({ client, prefix }: DynamoContext, flow: Flow, day: string): AsyncGenerator<ArrivedRow> {
  const pages = paginateQuery(
    { client },
    {
      TableName: tableName(prefix, "batches"),
      KeyConditionExpression: "flow_day = :day",
      ExpressionAttributeValues: { ":day": { S: `${flow}#${day}` } },
      ConsistentRead: true,
    },
  );
  for await (const { Items = [] } of pages)
    for (const item of Items) yield { ...ledgerRow(item, flow), received_at: Number(item["received_at"]?.N) };
}
interface ArrivedRow extends LedgerRow {
  received_at: number;
}

/**
 * Counts the stored rows of each delivery by reading the table. Rows of expired deliveries may still be stored until DynamoDB
 * deletes them, so these deliveries count as balanced.
 */
async function countTables(
  { client, prefix }: DynamoContext,
  { flows, ledgers }: { flows: Record<Flow, FlowTotals>; ledgers: Map<string, LedgerRow> },
): Promise<void> {
  const stored = new Map<string, number>();
  const pages = paginateScan(
    { client },
    { TableName: tableName(prefix, "states"), ProjectionExpression: "batch_id", ConsistentRead: true },
  );
  for await (const { Items = [] } of pages)
    for (const { batch_id } of Items as Item[]) stored.set(batch_id?.S ?? "", (stored.get(batch_id?.S ?? "") ?? 0) + 1);
  for (const flow of FLOWS) flows[flow].stored = 0;
  for (const batch_id of new Set([...ledgers.keys(), ...stored.keys()])) {
    const row = ledgers.get(batch_id);
    const flow = flows[row?.flow ?? flowOf(batch_id)];
    const expected = (row?.accepted ?? 0) - (row?.expired ?? 0);
    const rows = row !== undefined && row.expired > 0 ? expected : (stored.get(batch_id) ?? 0);
    flow.stored = (flow.stored ?? 0) + rows;
    if (rows !== expected && flow.unbalanced.length < MAX_UNBALANCED)
      flow.unbalanced.push({ batch_id, expected, stored: rows });
  }
}

/** Counts the rows of old deliveries as expired, each once. DynamoDB deletes the rows by their own expiry time. */
async function expireBatches(context: DynamoContext, received_at: number): Promise<number> {
  let rows = 0;
  for (const flow of FLOWS) {
    const { days, expired_before } = await readDays(context, flow);
    const open = days.filter((day) => day >= dayOf(expired_before) && day <= dayOf(received_at));
    for (const day of open)
      for await (const row of ledgerOf(context, flow, day))
        if (row.received_at < received_at && row.expired < row.accepted) rows += await expireBatch(context, row);
    if (days.length > 0) await saveExpiredBefore(context, flow, received_at);
  }
  return rows;
}

async function expireBatch({ client, prefix }: DynamoContext, row: ArrivedRow): Promise<number> {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: tableName(prefix, "batches"),
        Key: ledgerKey(row.flow, { id: row.batch_id, received_at: row.received_at }),
        UpdateExpression: "SET expired = accepted",
        ConditionExpression: "expired < accepted",
      }),
    );
    return row.accepted;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 0;
    throw error;
  }
}

async function saveExpiredBefore({ client, prefix }: DynamoContext, flow: Flow, received_at: number): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      TableName: tableName(prefix, "batches"),
      Key: { flow_day: { S: "days" }, delivery_id: { S: flow } },
      UpdateExpression: "SET expired_before = :at",
      ExpressionAttributeValues: { ":at": { N: String(received_at) } },
    }),
  );
}
