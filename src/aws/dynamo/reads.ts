import { GetItemCommand, paginateQuery, paginateScan, type QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { isInside } from "../../flow/api/box.ts";
import { NotAnsweredError } from "../../flow/errors.ts";
import { flowOf } from "../../flow/objects/ids.ts";
import type { DeliveryRef, Flow, LedgerRow, Reader } from "../../flow/ports.ts";
import type { AircraftQuery, Box, StatesQuery, StoredRow } from "../../flow/queries.ts";
import { inParallel } from "../../in-parallel.ts";
import { DAY_S } from "../../time.ts";
import { callService } from "../errors.ts";
import { dayOf, observationKey, storedRow, tenDegreeTiles, type Item } from "./client.ts";
import { ledgerKey, type DynamoContext } from "./context.ts";
import { tableName, tables } from "./tables.ts";

const MAX_QUERIES = 64;

/** The `Reader` port. It answers the history of one aircraft, and the newest row of each aircraft, also by box. */
export const dynamoReader = (context: DynamoContext): Reader => ({
  aircraft: (query) => callService("DynamoDB", () => readAircraft(context, query)),
  states: (query) => callService("DynamoDB", () => readStates(context, query)),
});

/** The ledger row of a delivery. Null when there is none. */
export async function readLedgerRow(
  { client, prefix }: DynamoContext,
  delivery: DeliveryRef,
): Promise<LedgerRow | null> {
  const flow = flowOf(delivery.id);
  const { Item: item } = await client.send(
    new GetItemCommand({
      TableName: tableName(prefix, "batches"),
      Key: ledgerKey(flow, delivery),
      ConsistentRead: true,
    }),
  );
  return item === undefined ? null : ledgerRow(item, flow);
}

/** A ledger item as the port's row. */
export function ledgerRow(item: Item, flow: Flow): LedgerRow {
  const { delivery_id, ...counts } = unmarshall(item) as Omit<LedgerRow, "batch_id" | "flow"> & { delivery_id: string };
  const { contract, received, accepted, duplicate, rejected, repeats, expired, applied_at } = counts;
  return {
    batch_id: delivery_id,
    flow,
    contract,
    received,
    accepted,
    duplicate,
    rejected,
    repeats,
    expired,
    applied_at,
  };
}

async function readAircraft(context: DynamoContext, query: AircraftQuery): Promise<StoredRow[]> {
  if (query.at !== undefined)
    throw new NotAnsweredError("DynamoDB has no index by time and cannot answer `at`: omit it");
  const rows = query.box === undefined ? await scanAircraft(context, query) : await aircraftInTiles(context, query.box);
  return rows
    .filter((row) => matchesAircraft(row, query))
    .sort((a, b) => (String(a["icao24"]) < String(b["icao24"]) ? -1 : 1))
    .slice(0, query.limit);
}

function matchesAircraft(row: StoredRow, { box, icao24, callsign, search, batch_ids }: AircraftQuery): boolean {
  const part = search?.toLowerCase();
  return (
    (icao24 === undefined || row["icao24"] === icao24) &&
    (callsign === undefined || row["callsign"] === callsign) &&
    (box === undefined || isInside(row, box)) &&
    (batch_ids === undefined || batch_ids.includes(String(row["batch_id"]))) &&
    (part === undefined || [row["icao24"], row["callsign"]].some((text) => String(text).toLowerCase().includes(part)))
  );
}

async function aircraftInTiles(context: DynamoContext, box: Box): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  await inParallel(tenDegreeTiles(box), MAX_QUERIES, async (tile) => {
    const items = await queryAll(context, {
      TableName: tableName(context.prefix, "aircraft"),
      IndexName: tables.aircraft.index.name,
      KeyConditionExpression: "tile = :tile",
      ExpressionAttributeValues: { ":tile": { N: String(tile) } },
    });
    rows.push(...items.map(storedRow));
  });
  return rows;
}

/** One aircraft by its address. Without an address all aircraft: some ten thousand at most. */
async function scanAircraft(context: DynamoContext, { icao24 }: AircraftQuery): Promise<StoredRow[]> {
  const TableName = tableName(context.prefix, "aircraft");
  if (icao24 !== undefined) {
    const { Item: item } = await context.client.send(new GetItemCommand({ TableName, Key: { icao24: { S: icao24 } } }));
    return item === undefined ? [] : [storedRow(item)];
  }
  const rows: StoredRow[] = [];
  for await (const { Items = [] } of paginateScan({ client: context.client }, { TableName }))
    rows.push(...Items.map(storedRow));
  return rows;
}

/** The history of one aircraft. The default of `to` is its newest row, that of `from` the retention before `to`. */
async function readStates(context: DynamoContext, query: StatesQuery): Promise<StoredRow[]> {
  const { icao24, box, batch_id, limit } = query;
  if (icao24 === undefined || box !== undefined || batch_id !== undefined)
    throw new NotAnsweredError(
      "DynamoDB answers only the history of one aircraft: specify icao24, and omit the box and batch_id",
    );
  const to = query.to ?? (await newestContact(context, icao24));
  if (to === null) return [];
  const from = Math.max(query.after?.last_contact ?? 0, query.from ?? to - context.retention_days * DAY_S);
  const isFirst = firstOfEvery(query.every);
  const rows: StoredRow[] = [];
  for (let day = from - (from % DAY_S); day <= to && rows.length < limit; day += DAY_S) {
    const items = await queryAll(context, dayQuery(context, { ...query, icao24, from, to, day }));
    rows.push(...items.map(storedRow).filter((row) => matchesState(row, query) && isFirst(row)));
  }
  return rows.slice(0, limit);
}

/** A filter that passes the first row of each source in each span of `every` seconds. */
function firstOfEvery(every: number | undefined): (row: StoredRow) => boolean {
  const seen = new Set<string>();
  return ({ source, last_contact }) => {
    if (every === undefined) return true;
    const span = `${source} ${Math.floor(Number(last_contact) / every)}`;
    return !seen.has(span) && seen.add(span) !== undefined;
  };
}

async function newestContact(context: DynamoContext, icao24: string): Promise<number | null> {
  const [row] = await scanAircraft(context, { icao24, limit: 1 });
  return row === undefined ? null : Number(row["last_contact"]);
}

const matchesState = (row: StoredRow, { callsign, source }: StatesQuery): boolean =>
  (callsign === undefined || row["callsign"] === callsign) && (source === undefined || row["source"] === source);

type DayQuery = StatesQuery & { icao24: string; from: number; to: number; day: number };

function dayQuery({ prefix }: DynamoContext, { icao24, from, to, day, after }: DayQuery): QueryCommandInput {
  // greater than every observation key of the second `to`
  const last = `${observationKey(to, null, "").slice(0, 12)}~`;
  const first = after === undefined ? observationKey(from, null, "") : afterKey(after);
  return {
    TableName: tableName(prefix, "states"),
    KeyConditionExpression: "aircraft_day = :day AND observation BETWEEN :first AND :last",
    ExpressionAttributeValues: {
      ":day": { S: `${icao24}#${dayOf(day)}` },
      ":first": { S: first },
      ":last": { S: last },
    },
  };
}

/** A key between the row's key and the next. */
const afterKey = ({ last_contact, time_position, source }: NonNullable<StatesQuery["after"]>): string =>
  `${observationKey(last_contact, time_position, source)}\u0001`;

async function queryAll({ client }: DynamoContext, input: QueryCommandInput): Promise<Item[]> {
  const items: Item[] = [];
  for await (const { Items = [] } of paginateQuery({ client }, input)) items.push(...Items);
  return items;
}
