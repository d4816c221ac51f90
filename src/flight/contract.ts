import { createHash } from "node:crypto";
import {
  abs,
  and,
  eq,
  ge,
  gt,
  isNull,
  isUnusable,
  lower,
  lt,
  matches,
  minus,
  modulo,
  not,
  or,
  plus,
  receivedAt,
  upper,
  value,
  type Expression,
  type Rule,
} from "./expression.ts";
import { icao24Pattern } from "./identifiers.ts";

/**
 * The contract: the fields of a record and the data quality rules that every row must pass.
 *
 * A record is one state of one aircraft, as one receiver or network reported it. It has OpenSky's names and SI units.
 * Types, cleaner, schemas, documents and the Spark plan derive from `fields` and `rules`. No other file repeats them.
 */
export type Kind = "text" | "number" | "integer" | "boolean";
export type ParquetType = "STRING" | "DOUBLE" | "BOOLEAN" | "INT64" | "INT32";

export interface Field<N extends string = string, K extends Kind = Kind, Null extends boolean = boolean> {
  readonly name: N;
  readonly kind: K;
  readonly nullable: Null;
  readonly unit: string | null;
  readonly parquet: ParquetType;
  readonly about: string;
}

// oxlint-disable-next-line max-params -- each call is a line of the table below
const field = <N extends string, K extends Kind, Null extends boolean>(
  name: N,
  kind: K,
  nullable: Null,
  parquet: ParquetType,
  [unit, about]: [string | null, string],
): Field<N, K, Null> => ({ name, kind, nullable, unit, parquet, about });

/** The record's members, in the order that all files and tables use. */
export const fields = [
  field("source", "text", false, "STRING", [null, "receiver or network that reported the row, set on receipt"]),
  field("icao24", "text", false, "STRING", [
    null,
    "ICAO 24-bit address in lower-case hex, with a leading ~ if ICAO did not assign it",
  ]),
  field("callsign", "text", true, "STRING", [null, "callsign, upper case, without padding"]),
  field("origin_country", "text", true, "STRING", [null, "country of the address block"]),
  field("time_position", "integer", true, "INT64", ["s", "Unix time of the position, null without a position"]),
  field("last_contact", "integer", false, "INT64", ["s", "Unix time of the last message of any kind"]),
  field("longitude", "number", true, "DOUBLE", ["deg", "WGS84, east positive"]),
  field("latitude", "number", true, "DOUBLE", ["deg", "WGS84, north positive"]),
  field("baro_altitude", "number", true, "DOUBLE", ["m", "barometric altitude at standard pressure"]),
  field("on_ground", "boolean", false, "BOOLEAN", [null, "the aircraft reports a surface position"]),
  field("velocity", "number", true, "DOUBLE", ["m/s", "speed over ground"]),
  field("true_track", "number", true, "DOUBLE", ["deg", "path over ground, clockwise from true north, in [0, 360)"]),
  field("vertical_rate", "number", true, "DOUBLE", ["m/s", "climb positive"]),
  field("geo_altitude", "number", true, "DOUBLE", ["m", "geometric altitude above the ellipsoid"]),
  field("squawk", "text", true, "STRING", [null, "transponder code, four octal digits"]),
  field("spi", "boolean", false, "BOOLEAN", [null, "special purpose indicator"]),
  field("position_source", "integer", true, "INT32", [
    null,
    "0 ADS-B, 1 ASTERIX, 2 MLAT, 3 FLARM, 4 ADS-R, 5 TIS-B, 6 ADS-C, 7 Mode S, 8 other",
  ]),
  field("category", "integer", true, "INT32", [null, "emitter category, 0 to 20 as OpenSky numbers it"]),
  field("flags", "text", false, "STRING", [null, "names of the flags that the rules set, sorted and joined by commas"]),
] as const;

/** Columns that the store adds after the record, in tables and lake files. */
export const systemFields = [
  field("received_at", "integer", false, "INT64", ["s", "Unix time of arrival"]),
  field("batch_id", "text", false, "STRING", [null, "the batch that stored the row"]),
] as const;

type ValueOf<F> =
  F extends Field<string, infer K, infer Null>
    ? (K extends "text" ? string : K extends "boolean" ? boolean : number) | (Null extends true ? null : never)
    : never;

/** A cleaned row. */
export type StateVector = { -readonly [F in (typeof fields)[number] as F["name"]]: ValueOf<F> };

/** Fields that a raw row contains: all except `source`, which is set on receipt, and `flags`, which the rules set. */
export const rawFields = fields.filter(
  (f): f is Exclude<(typeof fields)[number], { name: "source" | "flags" }> => f.name !== "source" && f.name !== "flags",
);
export type RawFieldName = (typeof rawFields)[number]["name"];

/** OpenSky's order of array elements. Element 12 is `sensors`, which the record does not contain. */
export const openskyOrder: readonly (RawFieldName | null)[] = [
  "icao24",
  "callsign",
  "origin_country",
  "time_position",
  "last_contact",
  "longitude",
  "latitude",
  "baro_altitude",
  "on_ground",
  "velocity",
  "true_track",
  "vertical_rate",
  null,
  "geo_altitude",
  "squawk",
  "spi",
  "position_source",
  "category",
];

const EARLIEST_S = 1_000_000_000;
const MILLISECONDS_FROM = 100_000_000_000;
const CLOCK_SKEW_S = 10;
const MODE_C_CEILING_M = 15_293;
const ALTITUDE_TOLERANCE_M = 1_500;

/** Sets an unusable or invalid value to null and flags the row `bad_<field>`. A null value is not flagged. */
const nullIfBad = (name: RawFieldName, ...invalid: Expression[]): Rule => ({
  do: "set_null",
  fields: [name],
  when: or(isUnusable(name), ...invalid),
  flag: `bad_${name}`,
});
const unlike = (name: RawFieldName, pattern: string): Expression => and(not(isNull(name)), not(matches(name, pattern)));
const outside = (name: RawFieldName, low: number, high: number): Expression => or(lt(name, low), gt(name, high));
const missing = (name: RawFieldName): Expression => or(isNull(name), isUnusable(name));
const noPosition = ["longitude", "latitude", "time_position"] as const;

/** The rules. Each row that decoded to an object passes through them in this order. */
export const rules: readonly Rule[] = [
  { do: "set", field: "icao24", to: lower("icao24") },
  {
    do: "reject",
    reason: "bad_icao24",
    field: "icao24",
    when: or(
      missing("icao24"),
      not(matches("icao24", icao24Pattern)),
      matches("icao24", "^~?0{6}$"),
      matches("icao24", "^~?f{6}$"),
    ),
  },
  {
    do: "reject",
    reason: "bad_last_contact",
    field: "last_contact",
    when: or(missing("last_contact"), lt("last_contact", EARLIEST_S)),
  },
  { do: "reject", reason: "milliseconds", field: "last_contact", when: gt("last_contact", MILLISECONDS_FROM) },
  {
    do: "reject",
    reason: "in_future",
    field: "last_contact",
    when: gt("last_contact", plus(receivedAt, CLOCK_SKEW_S)),
  },
  { do: "set", field: "callsign", to: upper("callsign") },
  { do: "set_null", fields: ["callsign"], when: or(matches("callsign", "^0*$"), eq("callsign", value("N/A"))) },
  nullIfBad("callsign", unlike("callsign", "^[A-Z0-9]{1,8}$")),
  { do: "set_null", fields: ["origin_country"], when: eq("origin_country", value("")) },
  nullIfBad("origin_country", unlike("origin_country", "^(?![=+@-])[^\\x00-\\x1f\\x7f\\ufffd]{1,64}$")),
  {
    do: "set_null",
    fields: noPosition,
    when: and(
      or(not(isNull("longitude")), not(isNull("latitude"))),
      or(
        missing("longitude"),
        missing("latitude"),
        ge(abs("latitude"), 90),
        gt(abs("longitude"), 180),
        and(lt(abs("longitude"), 0.01), lt(abs("latitude"), 0.01)),
      ),
    ),
    flag: "bad_position",
  },
  { do: "set_null", fields: ["time_position"], when: isNull("longitude") },
  {
    do: "set_null",
    fields: noPosition,
    when: or(
      isUnusable("time_position"),
      lt("time_position", EARLIEST_S),
      gt("time_position", plus("last_contact", 1)),
    ),
    flag: "bad_time_position",
  },
  nullIfBad("baro_altitude", outside("baro_altitude", -500, 25_000)),
  nullIfBad("geo_altitude", outside("geo_altitude", -500, 25_000)),
  {
    do: "set_null",
    fields: ["baro_altitude"],
    when: and(
      gt("baro_altitude", MODE_C_CEILING_M),
      or(isNull("geo_altitude"), gt(abs(minus("baro_altitude", "geo_altitude")), ALTITUDE_TOLERANCE_M)),
    ),
    flag: "bad_baro_altitude",
  },
  nullIfBad("on_ground"),
  { do: "set", field: "on_ground", to: value(false), when: isNull("on_ground") },
  nullIfBad("spi"),
  { do: "set", field: "spi", to: value(false), when: isNull("spi") },
  nullIfBad("velocity", outside("velocity", 0, 1_029)),
  nullIfBad("true_track"),
  { do: "set", field: "true_track", to: modulo("true_track", 360) },
  nullIfBad("vertical_rate", outside("vertical_rate", -50.8, 50.8)),
  { do: "set_null", fields: ["squawk"], when: eq("squawk", value("")) },
  nullIfBad("squawk", unlike("squawk", "^[0-7]{4}$")),
  nullIfBad("position_source", outside("position_source", 0, 15)),
  nullIfBad("category", outside("category", 0, 20)),
  {
    do: "flag",
    flag: "emergency",
    when: or(eq("squawk", value("7500")), eq("squawk", value("7600")), eq("squawk", value("7700"))),
  },
  { do: "flag", flag: "fast", when: gt("velocity", 340) },
  { do: "flag", flag: "stale_position", when: gt(minus("last_contact", "time_position"), 15) },
  {
    do: "flag",
    flag: "ground_suspect",
    when: and(eq("on_ground", value(true)), or(gt("velocity", 103), gt("baro_altitude", 3_000))),
  },
  {
    do: "flag",
    flag: "altitudes_differ",
    when: gt(abs(minus("baro_altitude", "geo_altitude")), ALTITUDE_TOLERANCE_M),
  },
];

/** Reasons for rejecting a row, a line or a chunk. Decoding gives these reasons, the rules give `ruleReasons`. */
export const decodeReasons = [
  "not_gzip",
  "bad_header",
  "too_large",
  "not_utf8",
  "not_json",
  "not_csv",
  "not_an_object",
] as const;
export const ruleReasons = rules.flatMap((rule) => (rule.do === "reject" ? [rule.reason] : []));

/** All flags in alphabetical order, which is also the order of the names in `flags`. */
export const flagNames: readonly string[] = [
  ...new Set(rules.flatMap((rule) => ("flag" in rule && rule.flag !== undefined ? [rule.flag] : []))),
].sort();

/**
 * The version of the contract: SHA-256 of fields and rules, without descriptions and units. The ledger, the metadata of
 * Parquet files and the Spark plan contain it, so that each stored row can be traced to the rules that cleaned it.
 */
export const contractVersion: string = createHash("sha256")
  .update(JSON.stringify([fields.map(({ name, kind, nullable, parquet }) => [name, kind, nullable, parquet]), rules]))
  .digest("hex");
/** The beginning of the version, as object keys contain it. */
export const contractTag: string = contractVersion.slice(0, 8);
