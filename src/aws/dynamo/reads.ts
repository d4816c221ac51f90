import { DAY_S } from "../../time.ts";
import { GetItemCommand, paginateQuery, paginateScan, type QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { isInside } from "../../flow/api/box.ts";
import { flowOf } from "../../flow/objects/ids.ts";
import { NotAnsweredError } from "../../flow/errors.ts";
import { inParallel } from "../../in-parallel.ts";
import type { DeliveryName, Flow, LedgerRow, Reader } from "../../flow/ports.ts";
import type { AircraftQuery, Box, StatesQuery, StoredRow } from "../../flow/queries.ts";
import { dayOf, observation, storedRow, tilesOf, type Item } from "./client.ts";
import { ledgerKey, type DynamoContext } from "./ledger.ts";
import { available } from "../errors.ts";
import { tableName, tables } from "./tables.ts";

const QUERIES_AT_ONCE = 64;

/** The `Reader` port: the history of one aircraft, and the newest rows also by box. */
export const dynamoReader = (context: DynamoContext): Reader => ({
  aircraft: (asked) => available("DynamoDB", () => readAircraft(context, asked)),
  states: (asked) => available("DynamoDB", () => readStates(context, asked)),
});

/** The ledger row of a delivery. Null when there is none. */
export async function readBatch({ client, prefix }: DynamoContext, of: DeliveryName): Promise<LedgerRow | null> {
  const flow = flowOf(of.id);
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: tableName(prefix, "batches"), Key: ledgerKey(flow, of), ConsistentRead: true }),
  );
  return item === undefined ? null : ledgerRow(item, flow);
}

/** A ledger item as the port's row. */
export function ledgerRow(item: Item, flow: Flow): LedgerRow {
  const { delivery_id, ...found } = unmarshall(item) as Omit<LedgerRow, "batch_id" | "flow"> & { delivery_id: string };
  const { contract, received, accepted, duplicate, rejected, repeats, expired, applied_at } = found;
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

async function readAircraft(context: DynamoContext, of: AircraftQuery): Promise<StoredRow[]> {
  if (of.at !== undefined) throw new NotAnsweredError("DynamoDB keeps no order by time: leave out `at`");
  const found = of.box === undefined ? await scanAircraft(context, of) : await aircraftInTiles(context, of.box);
  return found
    .filter((row) => isAsked(row, of))
    .sort((a, b) => (String(a["icao24"]) < String(b["icao24"]) ? -1 : 1))
    .slice(0, of.limit);
}

function isAsked(row: StoredRow, { box, icao24, callsign, search, batch_ids }: AircraftQuery): boolean {
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
  await inParallel(tilesOf(box), QUERIES_AT_ONCE, async (tile) => {
    const found = await queryAll(context, {
      TableName: tableName(context.prefix, "aircraft"),
      IndexName: tables.aircraft.index.name,
      KeyConditionExpression: "tile = :tile",
      ExpressionAttributeValues: { ":tile": { N: String(tile) } },
    });
    rows.push(...found.map(storedRow));
  });
  return rows;
}

/** One by its address; otherwise all of them, some ten thousand at most. */
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

/** History of one aircraft, day by day; without `to` up to its newest row, without `from` as far back as rows are kept. */
async function readStates(context: DynamoContext, of: StatesQuery): Promise<StoredRow[]> {
  const { icao24, box, batch_id, limit } = of;
  if (icao24 === undefined || box !== undefined || batch_id !== undefined)
    throw new NotAnsweredError("DynamoDB answers the history of one aircraft: give icao24, and no box and no batch_id");
  const to = of.to ?? (await newestContact(context, icao24));
  if (to === null) return [];
  const from = Math.max(of.after?.last_contact ?? 0, of.from ?? to - context.retention_days * DAY_S);
  const isFirst = firstOfEvery(of.every);
  const rows: StoredRow[] = [];
  for (let day = from - (from % DAY_S); day <= to && rows.length < limit; day += DAY_S) {
    const found = await queryAll(context, daysHistory(context, { ...of, icao24, from, to, day }));
    rows.push(...found.map(storedRow).filter((row) => matches(row, of) && isFirst(row)));
  }
  return rows.slice(0, limit);
}

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

const matches = (row: StoredRow, { callsign, source }: StatesQuery): boolean =>
  (callsign === undefined || row["callsign"] === callsign) && (source === undefined || row["source"] === source);

type DayQuery = StatesQuery & { icao24: string; from: number; to: number; day: number };

function daysHistory({ prefix }: DynamoContext, { icao24, from, to, day, after }: DayQuery): QueryCommandInput {
  // what follows every observation of that second
  const last = `${observation(to, null, "").slice(0, 12)}~`;
  const first = after === undefined ? observation(from, null, "") : afterKey(after);
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

/** The least key greater than that of the row. */
const afterKey = ({ last_contact, time_position, source }: NonNullable<StatesQuery["after"]>): string =>
  `${observation(last_contact, time_position, source)}\u0001`;

async function queryAll({ client }: DynamoContext, input: QueryCommandInput): Promise<Item[]> {
  const items: Item[] = [];
  for await (const { Items = [] } of paginateQuery({ client }, input)) items.push(...Items);
  return items;
}
