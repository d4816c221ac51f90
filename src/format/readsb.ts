import { UNUSABLE_TEXT } from "../flight/batch.ts";
import { coerceNumber, coerceText } from "../flight/coerce.ts";
import type { RawRow } from "../flight/fill.ts";

/**
 * Maps `aircraft.json` of readsb and tar1090, and the "v2" responses of adsb.lol, to raw rows. Each member is coerced
 * first. An unusable value stays unusable, which is `{}` in a raw row.
 * Source: README-json of readsb for members and types, OpenSky's numbering for category codes.
 */
const METERS_PER_FOOT = 0.3048;
const METERS_PER_SECOND_PER_KNOT = 0.514444;
const METERS_PER_SECOND_PER_FOOT_PER_MINUTE = 0.00508;
const MILLISECONDS_FROM = 1e11;

const UNUSABLE = {};

/** `now` in Unix seconds with its fraction. Null if it is missing or unusable. adsb.lol gives milliseconds. */
export function readsbNow(now: unknown): number | null {
  const time = coerceNumber(now);
  if (!Number.isFinite(time)) return null;
  return time > MILLISECONDS_FROM ? time / 1000 : time;
}

const leaf = (number: number): unknown => (Number.isNaN(number) ? null : Number.isFinite(number) ? number : UNUSABLE);
const numberLeaf = (raw: unknown): unknown => leaf(coerceNumber(raw));
/** The value in SI units, rounded to 2 decimals. */
const scaled = (raw: unknown, factor: number): unknown => {
  const number = coerceNumber(raw);
  return Number.isFinite(number) ? leaf(Math.floor(number * factor * 100 + 0.5) / 100) : leaf(number);
};
/** The Unix time of an age in seconds. */
const timeOf = (age: unknown, now: number, whenNull: number | null): unknown => {
  const seconds = coerceNumber(age);
  return Number.isNaN(seconds) ? whenNull : leaf(Number.isFinite(seconds) ? now - seconds : seconds);
};
const isNull = (raw: unknown): boolean => Number.isNaN(coerceNumber(raw));

/** Maps one element of `aircraft` or `ac` to a raw row. `now` is a result of `readsbNow`. */
export function readsbRow(aircraft: RawRow, now: number): RawRow {
  const position = positionOf(aircraft);
  const onGround = coerceText(aircraft["alt_baro"]) === "ground";
  const rate = isNull(aircraft["baro_rate"]) ? aircraft["geom_rate"] : aircraft["baro_rate"];
  return {
    icao24: aircraft["hex"] ?? null,
    callsign: aircraft["flight"] ?? null,
    origin_country: null,
    time_position: timeOf(position["seen_pos"], now, null),
    last_contact: timeOf(aircraft["seen"], now, now),
    longitude: numberLeaf(position["lon"]),
    latitude: numberLeaf(position["lat"]),
    baro_altitude: onGround ? null : scaled(aircraft["alt_baro"], METERS_PER_FOOT),
    on_ground: onGround,
    velocity: scaled(aircraft["gs"], METERS_PER_SECOND_PER_KNOT),
    true_track: numberLeaf(aircraft["track"]),
    vertical_rate: scaled(rate, METERS_PER_SECOND_PER_FOOT_PER_MINUTE),
    geo_altitude: scaled(aircraft["alt_geom"], METERS_PER_FOOT),
    squawk: aircraft["squawk"] ?? null,
    spi: aircraft["spi"] ?? null,
    position_source: positionSource(aircraft["type"]),
    category: category(aircraft["category"]),
  };
}

/** The object that contains the position. readsb moves an old position to `lastPosition`. */
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
  const text = coerceText(type);
  if (text === null) return null;
  if (text === UNUSABLE_TEXT) return UNUSABLE;
  return sourceCodes.find(([prefix]) => text.startsWith(prefix))?.[1] ?? OTHER_SOURCE;
}

const categoryCodes = new Map<string, number>([
  ...["A0", "B0", "C0", "D0"].map((name) => [name, 1] as const),
  ...["A1", "A2", "A3", "A4", "A5", "A6", "A7"].map((name, i) => [name, 2 + i] as const),
  ...["B1", "B2", "B3", "B4", "B5", "B6", "B7"].map((name, i) => [name, 9 + i] as const),
  ...["C1", "C2", "C3", "C4", "C5"].map((name, i) => [name, 16 + i] as const),
]);

function category(raw: unknown): unknown {
  const text = coerceText(raw);
  if (text === null) return null;
  return text === UNUSABLE_TEXT ? UNUSABLE : (categoryCodes.get(text.toUpperCase()) ?? null);
}
