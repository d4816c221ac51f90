import { addressBlocks } from "./address-blocks.ts";
import { airportOf, airports, type Airport } from "./airports.ts";
import { regionKinds, worldKinds, type AircraftKind } from "./kinds.ts";
import { distanceBetween, vectorOf } from "./sphere.ts";

/** Center of the region. Some aircraft stay near it, so that a receiver there always has aircraft in range. */
export const REGION_CENTER = "EDDF";
/** A great circle between two airports within this radius stays within the receiver's 250 km of the center. */
const REGION_RADIUS_KM = 235;
/** Shorter legs do not occur. */
const MIN_LEG_KM = 30;

/** A set of airports and the kinds of aircraft that fly between them. */
export interface Area {
  kinds: readonly AircraftKind[];
  /** The airports in countries with a known address block. An aircraft's home is one of them. */
  homes: readonly Airport[];
  /** The other airports of the area, nearest first. */
  neighbors(home: Airport): readonly Neighbor[];
}
interface Neighbor {
  airport: Airport;
  km: number;
}

const vectors = new Map(airports.map((airport) => [airport, vectorOf(airport)]));
const kilometersBetween = (a: Airport, b: Airport) =>
  distanceBetween(vectors.get(a) ?? vectorOf(a), vectors.get(b) ?? vectorOf(b)) / 1_000;

function makeArea(members: readonly Airport[], kinds: readonly AircraftKind[]): Area {
  const ranking = new Map<Airport, Neighbor[]>();
  const rank = (home: Airport) => {
    const ranked = members
      .map((airport) => ({ airport, km: kilometersBetween(home, airport) }))
      .filter(({ km }) => km > MIN_LEG_KM)
      .toSorted((a, b) => a.km - b.km);
    ranking.set(home, ranked);
    return ranked;
  };
  const homes = members.filter((airport) => airport.country in addressBlocks);
  return { kinds, homes, neighbors: (home) => ranking.get(home) ?? rank(home) };
}

export const world = makeArea(airports, worldKinds);
export const region = makeArea(
  airports.filter((airport) => kilometersBetween(airport, airportOf(REGION_CENTER)) < REGION_RADIUS_KM),
  regionKinds,
);

/**
 * An airport within the range of `home`, selected by `at` in [0, 1). Without one, the nearest airport beyond the range,
 * else the farthest.
 */
export function selectDestination(
  area: Area,
  { home, range_km }: { home: Airport; range_km: AircraftKind["range_km"] },
  at: number,
): Airport {
  const ranked = area.neighbors(home);
  const first = ranked.findIndex(({ km }) => km >= range_km[0]);
  const beyond = ranked.findIndex(({ km }) => km > range_km[1]);
  const low = first < 0 ? ranked.length - 1 : first;
  const high = Math.max(beyond < 0 ? ranked.length : beyond, low + 1);
  return ranked[low + Math.floor(at * (high - low))]?.airport ?? home;
}
