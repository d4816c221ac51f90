import { addressBlocks } from "./address-blocks.ts";
import type { Airport } from "./airports.ts";
import { destination, region, world, type Area } from "./area.ts";
import { light, type Kind } from "./kinds.ts";
import { planLeg, type Leg, type Performance } from "./leg.ts";
import { between, pick, sequence } from "./random.ts";

/** Aircraft of the region: this many, and one of so many others; of a small fleet one half. */
const REGIONAL = 40;
const OTHERS_PER_REGIONAL = 50;
/** A made-up operator, its code, flies this many aircraft of one country. */
const OPERATORS_PER_COUNTRY = 4;

/** One aircraft and the round trip that it flies again and again: out and home, and out to a second place and home. */
export interface Aircraft {
  icao24: string;
  origin_country: string;
  category: number;
  position_source: number;
  legs: readonly Leg[];
  /** One per leg, not padded. */
  callsigns: readonly string[];
  /** When each leg ends, s from the beginning of the round trip; the last is the length of all. */
  ends: readonly number[];
  /** Where in its round trip the aircraft is at Unix time 0. */
  offset_s: number;
}

export interface FleetOptions {
  seed: number;
  aircraft: number;
}

/** The same aircraft for the same options; no address twice. */
export function makeFleet({ seed, aircraft }: FleetOptions): Aircraft[] {
  const next = sequence(seed, "fleet");
  const taken = new Set<string>();
  const regional = Math.min(Math.ceil(aircraft / 2), REGIONAL + Math.floor(aircraft / OTHERS_PER_REGIONAL));
  return Array.from({ length: aircraft }, (_, index) => makeAircraft(next, taken, index < regional ? region : world));
}

function makeAircraft(next: () => number, taken: Set<string>, area: Area): Aircraft {
  const kind = pick(area.kinds, next());
  const home = pick(area.homes, next());
  const legs = [...roundTrip(next, area, { home, kind }), ...roundTrip(next, area, { home, kind })];
  let end = 0;
  const ends = legs.map((leg) => (end += leg.duration_s));
  const { icao24, origin_country } = identify(home, taken, next);
  // Spelt out for the same reason as a leg.
  return {
    icao24,
    origin_country,
    category: kind.category,
    position_source: kind.position_source,
    legs,
    callsigns: nameFlights(home, kind, next),
    ends,
    offset_s: next() * end,
  };
}

function roundTrip(next: () => number, area: Area, { home, kind }: { home: Airport; kind: Kind }): Leg[] {
  const away = destination(area, { home, range_km: kind.range_km }, next());
  return [planLeg(home, away, vary(kind, next)), planLeg(away, home, vary(kind, next))];
}

/** Winds and loads: no two flights alike. Cruise altitudes are flight levels, 1,000 ft apart. */
function vary(kind: Kind, next: () => number): Performance {
  const LEVEL_M = 304.8;
  return {
    cruise: kind.cruise * between(0.93, 1.07, next()),
    low: kind.low * between(0.95, 1.05, next()),
    altitude: Math.round((kind.altitude * between(0.88, 1.08, next())) / LEVEL_M) * LEVEL_M,
    climb: kind.climb * between(0.85, 1.15, next()),
    descent: kind.descent * between(0.85, 1.15, next()),
  };
}

function identify(home: Airport, taken: Set<string>, next: () => number): { icao24: string; origin_country: string } {
  const block = addressBlocks[home.country];
  if (block === undefined) throw new RangeError(`no address block for ${home.country}`);
  for (let offset = Math.floor(next() * block.size); ; offset = (offset + 1) % block.size) {
    const icao24 = (block.first + offset).toString(16).padStart(6, "0");
    if (taken.has(icao24)) continue;
    taken.add(icao24);
    return { icao24, origin_country: block.name };
  }
}

const LETTERS = "ABCDEFGHJKLMNPRSTUWXYZ";
const letterAt = (at: number) => LETTERS.charAt(at * LETTERS.length);

/** Light aircraft call by a registration of five letters, airliners by X, their operator's two letters and a number. */
function nameFlights(home: Airport, kind: Kind, next: () => number): string[] {
  const letters = (n: number) => Array.from({ length: n }, () => letterAt(next())).join("");
  if (kind.cruise <= light.cruise) return Array<string>(4).fill(home.country + letters(3));
  const operator = sequence(Math.floor(next() * OPERATORS_PER_COUNTRY), home.country);
  const code = `X${letterAt(operator())}${letterAt(operator())}`;
  const number = 1 + Math.floor(next() * 4_990);
  return Array.from({ length: 4 }, (_, leg) => `${code}${number + leg}${next() < 0.2 ? letters(1) : ""}`);
}
