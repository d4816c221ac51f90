import { addressBlocks } from "./address-blocks.ts";
import type { Airport } from "./airports.ts";
import { selectDestination, region, world, type Area } from "./area.ts";
import { light, type AircraftKind } from "./kinds.ts";
import { planLeg, type Leg, type Performance } from "./leg.ts";
import { between, pick, sequence } from "./random.ts";

/**
 * The region gets this many aircraft, plus one per `OTHERS_PER_REGIONAL` aircraft of the fleet, but at most half of the
 * fleet.
 */
const REGIONAL = 40;
const OTHERS_PER_REGIONAL = 50;
/** Number of fictional operators in each country. */
const OPERATORS_PER_COUNTRY = 4;

/**
 * One aircraft and the cycle that it repeats: to one airport and home, then to a second airport and home. A leg is one
 * flight of the cycle.
 */
export interface Aircraft {
  icao24: string;
  origin_country: string;
  category: number;
  position_source: number;
  legs: readonly Leg[];
  /** One per leg, without padding. */
  callsigns: readonly string[];
  /** The end of each leg, s from the start of the cycle. The last is the length of the cycle. */
  ends: readonly number[];
  /** Position in the cycle at Unix time 0. */
  offset_s: number;
}

export interface FleetOptions {
  seed: number;
  aircraft: number;
}

/** The same options give the same fleet. Each address is unique. */
export function makeFleet({ seed, aircraft }: FleetOptions): Aircraft[] {
  const next = sequence(seed, "fleet");
  const addresses = new Set<string>();
  const regional = Math.min(Math.ceil(aircraft / 2), REGIONAL + Math.floor(aircraft / OTHERS_PER_REGIONAL));
  return Array.from({ length: aircraft }, (_, index) =>
    makeAircraft(next, addresses, index < regional ? region : world),
  );
}

function makeAircraft(next: () => number, addresses: Set<string>, area: Area): Aircraft {
  const kind = pick(area.kinds, next());
  const home = pick(area.homes, next());
  const legs = [...roundTrip(next, area, { home, kind }), ...roundTrip(next, area, { home, kind })];
  let end = 0;
  const ends = legs.map((leg) => (end += leg.duration_s));
  const { icao24, origin_country } = assignAddress(home, addresses, next);
  // All members in one literal, for the same reason as in `planLeg`.
  return {
    icao24,
    origin_country,
    category: kind.category,
    position_source: kind.position_source,
    legs,
    callsigns: makeCallsigns(home, kind, next),
    ends,
    offset_s: next() * end,
  };
}

function roundTrip(next: () => number, area: Area, { home, kind }: { home: Airport; kind: AircraftKind }): Leg[] {
  const destination = selectDestination(area, { home, range_km: kind.range_km }, next());
  return [planLeg(home, destination, vary(kind, next)), planLeg(destination, home, vary(kind, next))];
}

/** Wind and load make each flight different. Cruise altitudes are flight levels, 1,000 ft apart. */
function vary(kind: AircraftKind, next: () => number): Performance {
  const LEVEL_M = 304.8;
  return {
    cruise: kind.cruise * between(0.93, 1.07, next()),
    low: kind.low * between(0.95, 1.05, next()),
    altitude: Math.round((kind.altitude * between(0.88, 1.08, next())) / LEVEL_M) * LEVEL_M,
    climb: kind.climb * between(0.85, 1.15, next()),
    descent: kind.descent * between(0.85, 1.15, next()),
  };
}

function assignAddress(
  home: Airport,
  addresses: Set<string>,
  next: () => number,
): { icao24: string; origin_country: string } {
  const block = addressBlocks[home.country];
  if (block === undefined) throw new RangeError(`country: ${home.country} has no address block in address-blocks.ts`);
  for (let offset = Math.floor(next() * block.size); ; offset = (offset + 1) % block.size) {
    const icao24 = (block.first + offset).toString(16).padStart(6, "0");
    if (addresses.has(icao24)) continue;
    addresses.add(icao24);
    return { icao24, origin_country: block.name };
  }
}

const LETTERS = "ABCDEFGHJKLMNPRSTUWXYZ";
const letterAt = (at: number) => LETTERS.charAt(at * LETTERS.length);

/**
 * A light aircraft uses its registration of five letters. An airliner uses X, two letters of its operator, and a
 * number.
 */
function makeCallsigns(home: Airport, kind: AircraftKind, next: () => number): string[] {
  const letters = (n: number) => Array.from({ length: n }, () => letterAt(next())).join("");
  if (kind.cruise <= light.cruise) return Array<string>(4).fill(home.country + letters(3));
  const operator = sequence(Math.floor(next() * OPERATORS_PER_COUNTRY), home.country);
  const code = `X${letterAt(operator())}${letterAt(operator())}`;
  const number = 1 + Math.floor(next() * 4_990);
  return Array.from({ length: 4 }, (_, leg) => `${code}${number + leg}${next() < 0.2 ? letters(1) : ""}`);
}
