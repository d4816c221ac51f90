import { DynamoDBClient, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { ConfiguredRetryStrategy } from "@smithy/core/retry";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { flagText, type Batch } from "../../flight/batch.ts";
import { fields, systemFields } from "../../flight/contract.ts";
import { NEWEST_ORDER } from "../../flight/newest.ts";
import type { StoredRow } from "../../flow/queries.ts";
import { backoff } from "../../retry.ts";

export type Item = Record<string, AttributeValue>;

/** Concurrent writes. More of them would only wait for each other. */
export const MAX_WRITES = 64;

/** Attempts of one call. After the last one the flow retries, with longer waits. */
const MAX_ATTEMPTS = 8;

/** A client that retries throttled calls with a back-off and full jitter. */
export const dynamoClient = (endpoint?: string): DynamoDBClient =>
  new DynamoDBClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    retryStrategy: new ConfiguredRetryStrategy(MAX_ATTEMPTS, (attempt) => backoff(attempt - 1)),
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
      httpsAgent: { maxSockets: MAX_WRITES },
      httpAgent: { maxSockets: MAX_WRITES },
    }),
  });

const TIME_DIGITS = 12;
const padded = (time: number): string => String(time).padStart(TIME_DIGITS, "0");

/**
 * A sort key for the observations of an aircraft, by last_contact, time_position and source. A null time_position comes first.
 * Times are Unix seconds.
 */
export const observationKey = (last_contact: number, time_position: number | null, source: string): string => {
  const keys = {
    last_contact: padded(last_contact),
    time_position: time_position === null ? "" : padded(time_position),
    source,
  };
  return NEWEST_ORDER.map((name) => keys[name]).join("#");
};

/** The UTC day of a Unix time, as `YYYY-MM-DD`. */
export const dayOf = (unix_s: number): string => new Date(unix_s * 1000).toISOString().slice(0, 10);

const TILE_DEG = 10;
const TILES_PER_ROW = 36;
const column = (longitude: number): number => Math.min(TILES_PER_ROW - 1, Math.floor((longitude + 180) / TILE_DEG));
const row = (latitude: number): number => Math.min(17, Math.floor((latitude + 90) / TILE_DEG));

/** The tile of ten by ten degrees that contains a position in degrees. NaN for a missing position. */
export const tileOf = (latitude: number, longitude: number): number =>
  row(latitude) * TILES_PER_ROW + column(longitude);

/** The tiles that a box overlaps. A box whose west is greater than its east crosses the antimeridian. */
export function tenDegreeTiles(box: { lamin: number; lamax: number; lomin: number; lomax: number }): number[] {
  const tiles: number[] = [];
  for (let south = row(box.lamin); south <= row(box.lamax); south++)
    for (let tile = 0; tile < TILES_PER_ROW; tile++) {
      const [west, east] = [column(box.lomin), column(box.lomax)];
      if (box.lomin <= box.lomax ? tile >= west && tile <= east : tile >= west || tile <= east)
        tiles.push(south * TILES_PER_ROW + tile);
    }
  return tiles;
}

/** DynamoDB refuses numbers that are closer to zero than this. One such number would block the flow, so it becomes 0. */
const MIN_MAGNITUDE = 1e-130;
const numberText = (number: number): string => (Math.abs(number) < MIN_MAGNITUDE ? "0" : String(number));

/** Row `i` of a cleaned batch as the attributes of an item. A null has no attribute. */
export function attributes(batch: Batch, i: number, batch_id: string): Item {
  const item: Item = { received_at: { N: String(batch.received_at[i]) }, batch_id: { S: batch_id } };
  for (const { name, kind } of fields) {
    if (name === "flags") item["flags"] = { S: flagText(batch.columns.flags[i] ?? 0) };
    else if (kind === "boolean") item[name] = { BOOL: batch.columns[name][i] === 1 };
    else {
      const value = batch.columns[name][i];
      if (typeof value === "string") item[name] = { S: value };
      else if (typeof value === "number" && !Number.isNaN(value)) item[name] = { N: numberText(value) };
    }
  }
  return item;
}

/** An item as a stored row. Its members have the order of the record's fields. */
export function storedRow(item: Item): StoredRow {
  const row = unmarshall(item) as StoredRow;
  return Object.fromEntries([...fields, ...systemFields].map(({ name }) => [name, row[name] ?? null]));
}
