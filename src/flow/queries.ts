/** The queries of a `Reader`, and the rows that it returns. */
export type StoredRow = Record<string, string | number | boolean | null>;
export interface Box {
  lamin: number;
  lomin: number;
  lamax: number;
  /** Less than lomin if the box crosses the antimeridian. */
  lomax: number;
}
export interface AircraftQuery {
  box?: Box;
  icao24?: string;
  callsign?: string;
  /** Part of an address or a callsign. */
  search?: string;
  /** Only aircraft whose newest row is in one of these batches. */
  batch_ids?: readonly string[];
  /** The newest rows as of this Unix time, at most `MAX_AGE_S` older than it, from history. */
  at?: number;
  limit: number;
}
/** The state of the world at a past time leaves out aircraft that had not reported for this long, in s. */
export const MAX_AGE_S = 300;

export interface StatesQuery {
  box?: Box;
  icao24?: string;
  callsign?: string;
  source?: string;
  batch_id?: string;
  /** last_contact, Unix seconds, both inclusive */
  from?: number;
  to?: number;
  /** Thins history: only the first row of each aircraft and source in each interval of this many seconds. */
  every?: number;
  limit: number;
  /** Only rows after this one, in the order of `StateKey`. */
  after?: StateKey;
}
/** The identity of a row, in the order in which `states` sorts. */
export interface StateKey {
  last_contact: number;
  icao24: string;
  source: string;
  time_position: number | null;
}
