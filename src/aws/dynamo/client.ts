import { DynamoDBClient, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { ConfiguredRetryStrategy } from "@smithy/core/retry";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { flagText, type Batch } from "../../flight/batch.ts";
import { fields, systemFields } from "../../flight/contract.ts";
import { backoff } from "../../retry.ts";
import type { StoredRow } from "../../flow/queries.ts";

export type Item = Record<string, AttributeValue>;

/** Writes under way at once; more only wait for each other. */
export const WRITES_AT_ONCE = 64;

/** Calls of one write; what fails so often is left to the flow, which waits longer. */
const ATTEMPTS = 8;

/** A client that tries a throttled call again, with full jitter, before it gives up. */
export const dynamoClient = (endpoint?: string): DynamoDBClient =>
  new DynamoDBClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    retryStrategy: new ConfiguredRetryStrategy(ATTEMPTS, (attempt) => backoff(attempt - 1)),
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
      httpsAgent: { maxSockets: WRITES_AT_ONCE },
      httpAgent: { maxSockets: WRITES_AT_ONCE },
    }),
  });

const TIME_DIGITS = 12;
const padded = (time: number): string => String(time).padStart(TIME_DIGITS, "0");

/** What orders the observations of an aircraft: last_contact, time_position with null least, source. */
export const observation = (last_contact: number, time_position: number | null, source: string): string =>
  `${padded(last_contact)}#${time_position === null ? "" : padded(time_position)}#${source}`;

/** `YYYY-MM-DD` of a Unix time, UTC. */
export const dayOf = (unix_s: number): string => new Date(unix_s * 1000).toISOString().slice(0, 10);

const TILE_DEG = 10;
const TILES_A_ROW = 36;
const column = (longitude: number): number => Math.min(TILES_A_ROW - 1, Math.floor((longitude + 180) / TILE_DEG));
const row = (latitude: number): number => Math.min(17, Math.floor((latitude + 90) / TILE_DEG));

/** The tile of ten degrees that a position lies in. */
export const tileOf = (latitude: number, longitude: number): number => row(latitude) * TILES_A_ROW + column(longitude);

/** The tiles that a box touches; west greater than east crosses the antimeridian. */
export function tilesOf(box: { lamin: number; lamax: number; lomin: number; lomax: number }): number[] {
  const tiles: number[] = [];
  for (let south = row(box.lamin); south <= row(box.lamax); south++)
    for (let at = 0; at < TILES_A_ROW; at++) {
      const [west, east] = [column(box.lomin), column(box.lomax)];
      if (box.lomin <= box.lomax ? at >= west && at <= east : at >= west || at <= east)
        tiles.push(south * TILES_A_ROW + at);
    }
  return tiles;
}

/** DynamoDB refuses what is closer to zero than this, and one such number would stop the flow. */
const LEAST = 1e-130;
const numberText = (number: number): string => (Math.abs(number) < LEAST ? "0" : String(number));

/** Row `i` of a cleaned batch as an item's attributes; null is an attribute that is missing. */
export function attributes(batch: Batch, i: number, batch_id: string): Item {
  const item: Item = { received_at: { N: String(batch.received_at[i]) }, batch_id: { S: batch_id } };
  for (const { name, kind } of fields) {
    if (name === "flags") item["flags"] = { S: flagText(batch.columns.flags[i] ?? 0) };
    else if (kind === "boolean") item[name] = { BOOL: batch.columns[name][i] === 1 };
    else {
      const found = batch.columns[name][i];
      if (typeof found === "string") item[name] = { S: found };
      else if (typeof found === "number" && !Number.isNaN(found)) item[name] = { N: numberText(found) };
    }
  }
  return item;
}

/** The stored row that an item holds, members in the record's order. */
export function storedRow(item: Item): StoredRow {
  const found = unmarshall(item) as StoredRow;
  return Object.fromEntries([...fields, ...systemFields].map(({ name }) => [name, found[name] ?? null]));
}
