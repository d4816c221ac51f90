import { coerceNumber, coerceText } from "../flight/coerce.ts";
import { UNUSABLE_TEXT } from "../flight/batch.ts";
import type { RawRow } from "../flight/fill.ts";

/**
 * readsb's and tar1090's `aircraft.json` and the "v2" answers of adsb.lol, mapped to raw rows. Every member is coerced
 * first; what is unusable stays unusable, which in a raw row is `{}`.
 * Source: readsb README-json; type and category codes as domain knowledge of both formats.
 */
const METRES_PER_FOOT = 0.3048;
const METRES_PER_SECOND_PER_KNOT = 0.514444;
const METRES_PER_SECOND_PER_FOOT_PER_MINUTE = 0.00508;
const MILLISECONDS_FROM = 1e11;

const UNUSABLE = {};

/** `now` in Unix seconds with its fraction; null when it is missing or unusable. */
export function readsbNow(now: unknown): number | null {
  const found = coerceNumber(now);
  if (!Number.isFinite(found)) return null;
  return found > MILLISECONDS_FROM ? found / 1000 : found;
}

const leaf = (found: number): unknown => (Number.isNaN(found) ? null : Number.isFinite(found) ? found : UNUSABLE);
const numberLeaf = (from: unknown): unknown => leaf(coerceNumber(from));
const scaled = (from: unknown, factor: number): unknown => {
  const found = coerceNumber(from);
  return Number.isFinite(found) ? leaf(Math.floor(found * factor * 100 + 0.5) / 100) : leaf(found);
};
const ago = (now: number, seconds: unknown, whenNull: number | null): unknown => {
  const found = coerceNumber(seconds);
  return Number.isNaN(found) ? whenNull : leaf(Number.isFinite(found) ? now - found : found);
};
const isNull = (from: unknown): boolean => Number.isNaN(coerceNumber(from));

/** One element of `aircraft` or `ac`; `now` from `readsbNow`. */
export function readsbRow(aircraft: RawRow, now: number): RawRow {
  const position = positionOf(aircraft);
  const onGround = coerceText(aircraft["alt_baro"]) === "ground";
  const rate = isNull(aircraft["baro_rate"]) ? aircraft["geom_rate"] : aircraft["baro_rate"];
  return {
    icao24: aircraft["hex"] ?? null,
    callsign: aircraft["flight"] ?? null,
    origin_country: null,
    time_position: ago(now, position["seen_pos"], null),
    last_contact: ago(now, aircraft["seen"], now),
    longitude: numberLeaf(position["lon"]),
    latitude: numberLeaf(position["lat"]),
    baro_altitude: onGround ? null : scaled(aircraft["alt_baro"], METRES_PER_FOOT),
    on_ground: onGround,
    velocity: scaled(aircraft["gs"], METRES_PER_SECOND_PER_KNOT),
    true_track: numberLeaf(aircraft["track"]),
    vertical_rate: scaled(rate, METRES_PER_SECOND_PER_FOOT_PER_MINUTE),
    geo_altitude: scaled(aircraft["alt_geom"], METRES_PER_FOOT),
    squawk: aircraft["squawk"] ?? null,
    spi: aircraft["spi"] ?? null,
    position_source: positionSource(aircraft["type"]),
    category: category(aircraft["category"]),
  };
}

function positionOf(aircraft: RawRow): RawRow {
  const last = aircraft["lastPosition"];
  const absent = isNull(aircraft["lat"]) && isNull(aircraft["lon"]);
  return absent && typeof last === "object" && last !== null && !Array.isArray(last) ? (last as RawRow) : aircraft;
}

const sourceCodes: readonly (readonly [string, number])[] = [
  ["adsb", 0],
  ["mlat", 2],
  ["flarm", 3],
  ["adsr", 4],
  ["tisb", 5],
  ["adsc", 6],
  ["mode_s", 7],
];
const OTHER_SOURCE = 8;

function positionSource(type: unknown): unknown {
  const found = coerceText(type);
  if (found === null) return null;
  if (found === UNUSABLE_TEXT) return UNUSABLE;
  return sourceCodes.find(([prefix]) => found.startsWith(prefix))?.[1] ?? OTHER_SOURCE;
}

const categoryCodes = new Map<string, number>([
  ...["A0", "B0", "C0", "D0"].map((name) => [name, 1] as const),
  ...["A1", "A2", "A3", "A4", "A5", "A6", "A7"].map((name, i) => [name, 2 + i] as const),
  ...["B1", "B2", "B3", "B4", "B5", "B6", "B7"].map((name, i) => [name, 9 + i] as const),
  ...["C1", "C2", "C3", "C4", "C5"].map((name, i) => [name, 16 + i] as const),
]);

function category(from: unknown): unknown {
  const found = coerceText(from);
  if (found === null) return null;
  return found === UNUSABLE_TEXT ? UNUSABLE : (categoryCodes.get(found.toUpperCase()) ?? null);
}
