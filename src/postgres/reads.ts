import type pg from "pg";
import { fields, systemFields } from "../flight/contract.ts";
import { IDENTITY_ORDER } from "../flight/identity.ts";
import type { LedgerRow, Reader } from "../flow/ports.ts";
import { MAX_AGE_S, type AircraftQuery, type Box, type StatesQuery, type StoredRow } from "../flow/queries.ts";
import { newestFirst } from "./statements.ts";
import { query } from "./transaction.ts";

/** Every column of a stored row. bigint is read as double, which represents all integers of the contract exactly. */
const columns = [...fields, ...systemFields]
  .map(({ name, parquet }) => (parquet === "INT64" ? `${name}::float8 as ${name}` : name))
  .join(", ");

/** Above this many tiles the index costs more than it saves. */
const MAX_TILES = 100;

/** Builds a where clause. `put` adds a value and returns its placeholder. */
function conditions() {
  const parts: string[] = [];
  const values: unknown[] = [];
  const put = (value: unknown): string => `$${values.push(value)}`;
  return {
    values,
    put,
    add: (condition: string) => void parts.push(condition),
    equal(column: string, value: unknown) {
      if (value !== undefined) parts.push(`${column} = ${put(value)}`);
    },
    where: () => (parts.length === 0 ? "" : `where ${parts.join(" and ")}`),
  };
}
type Conditions = ReturnType<typeof conditions>;

function addBox(to: Conditions, box: Box | undefined): void {
  if (box === undefined) return;
  const { lamin, lamax, lomin, lomax } = box;
  to.add(`latitude between ${to.put(lamin)} and ${to.put(lamax)}`);
  const [west, east] = [to.put(lomin), to.put(lomax)];
  to.add(lomin <= lomax ? `longitude between ${west} and ${east}` : `(longitude >= ${west} or longitude <= ${east})`);
}

/** The one-degree tiles that a box touches. Null if there are more than `MAX_TILES`. */
export function oneDegreeTiles({ lamin, lamax, lomin, lomax }: Box): number[] | null {
  const tiles: number[] = [];
  const spans: readonly (readonly [number, number])[] =
    lomin <= lomax
      ? [[lomin, lomax]]
      : [
          [lomin, 180],
          [-180, lomax],
        ];
  for (let south = Math.floor(lamin + 90); south <= Math.floor(lamax + 90); south++)
    for (const [west, east] of spans)
      for (let column = Math.floor(west + 180); column <= Math.floor(east + 180); column++)
        if (tiles.push(south * 360 + column) > MAX_TILES) return null;
  return tiles;
}

/** The `Reader` port. */
export const postgresReader = (pool: pg.Pool): Reader => ({
  aircraft: (aircraftQuery) => readAircraft(pool, aircraftQuery),
  states: (statesQuery) => readStates(pool, statesQuery),
});

/** The ledger row of a batch, by the id of the batch or of one of its deliveries. */
export async function readLedgerRow(pool: pg.Pool, id: string): Promise<LedgerRow | null> {
  const rows = await query<LedgerRow>(
    pool,
    `select batch_id, flow, contract, received, accepted, duplicate, rejected, repeats::float8 as repeats, expired,
       extract(epoch from applied_at)::float8 as applied_at
     from batches where batch_id in ($1, (select batch_id from deliveries where id = $1))`,
    [id],
  );
  return rows[0] ?? null;
}

function readAircraft(pool: pg.Pool, wanted: AircraftQuery): Promise<StoredRow[]> {
  const to = conditions();
  to.equal("icao24", wanted.icao24);
  to.equal("callsign", wanted.callsign);
  addBox(to, wanted.box);
  if (wanted.batch_ids !== undefined) to.add(`batch_id = any(${to.put(wanted.batch_ids)})`);
  if (wanted.search !== undefined) {
    const part = to.put(`%${wanted.search.replaceAll(/[\\%_]/g, "\\$&")}%`);
    to.add(`(icao24 ilike ${part} or callsign ilike ${part})`);
  }
  const from = wanted.at === undefined ? "aircraft" : `(${newestAt(to, wanted.at)}) as aircraft`;
  return query(
    pool,
    `select ${columns} from ${from} ${to.where()} order by icao24 limit ${to.put(wanted.limit)}`,
    to.values,
  );
}

/** A subquery: the newest row of each aircraft as of a time. Its inner query is an index-only scan. */
function newestAt(to: Conditions, at: number): string {
  const span = `between ${to.put(at - MAX_AGE_S)} and ${to.put(at)}`;
  return `select distinct on (icao24) state_vectors.*
   from state_vectors join (
     select icao24, max(last_contact) as last_contact from state_vectors where last_contact ${span} group by icao24
   ) as newest using (icao24, last_contact)
   where last_contact ${span}
   order by icao24, ${newestFirst}`;
}

/** The order of history in SQL. A null time_position sorts least. */
const historyOrder = IDENTITY_ORDER.map((name) =>
  name === "time_position" ? "coalesce(time_position, -1)" : name,
).join(", ");

function readStates(pool: pg.Pool, wanted: StatesQuery): Promise<StoredRow[]> {
  const to = conditions();
  to.equal("icao24", wanted.icao24);
  to.equal("callsign", wanted.callsign);
  to.equal("source", wanted.source);
  to.equal("batch_id", wanted.batch_id);
  if (wanted.from !== undefined) to.add(`last_contact >= ${to.put(wanted.from)}`);
  if (wanted.to !== undefined) to.add(`last_contact <= ${to.put(wanted.to)}`);
  addBox(to, wanted.box);
  const tiles = wanted.box === undefined ? null : oneDegreeTiles(wanted.box);
  if (tiles !== null) to.add(`((floor(latitude + 90) * 360 + floor(longitude + 180))::int4) = any(${to.put(tiles)})`);
  if (wanted.after !== undefined) {
    const { last_contact, icao24, source, time_position } = wanted.after;
    const key = [
      to.put(last_contact),
      to.put(icao24),
      to.put(source),
      `coalesce(${to.put(time_position)}::bigint, -1)`,
    ];
    to.add(`(${historyOrder}) > (${key.join(", ")})`);
  }
  const select =
    wanted.every === undefined
      ? `select ${columns} from state_vectors ${to.where()}`
      : `select ${columns} from (${firstOfEvery(to, wanted.every)}) as thinned`;
  return query(pool, `${select} order by ${historyOrder} limit ${to.put(wanted.limit)}`, to.values);
}

const firstOfEvery = (to: Conditions, every: number): string => {
  const span = `icao24, source, last_contact / ${to.put(every)}::bigint`;
  return `select distinct on (${span}) * from state_vectors ${to.where()} order by ${span}, last_contact, time_position`;
};
