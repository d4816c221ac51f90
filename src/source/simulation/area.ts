import { addressBlocks } from "./address-blocks.ts";
import { airportOf, airports, type Airport } from "./airports.ts";
import { regionKinds, worldKinds, type Kind } from "./kinds.ts";
import { distanceOf, vectorOf } from "./sphere.ts";

/** The region's centre: a part of the fleet stays near, so that a receiver there always hears some. */
export const REGION = "EDDF";
/** A great circle between two airports this near to the centre stays within a receiver's 250 km of it. */
const REGION_KM = 235;
/** Airports nearer to each other are not flown between. */
const APART_KM = 30;

/** Airports between which some kinds of aircraft fly. */
export interface Area {
  kinds: readonly Kind[];
  /** Airports where aircraft are at home: those of countries whose address block is known. */
  homes: readonly Airport[];
  /** The other airports of the area, nearest first. */
  neighbours(home: Airport): readonly Neighbour[];
}
interface Neighbour {
  place: Airport;
  km: number;
}

const vectors = new Map(airports.map((one) => [one, vectorOf(one)]));
const kilometres = (a: Airport, b: Airport) =>
  distanceOf(vectors.get(a) ?? vectorOf(a), vectors.get(b) ?? vectorOf(b)) / 1_000;

function makeArea(places: readonly Airport[], kinds: readonly Kind[]): Area {
  const known = new Map<Airport, Neighbour[]>();
  const rank = (home: Airport) => {
    const ranked = places
      .map((place) => ({ place, km: kilometres(home, place) }))
      .filter(({ km }) => km > APART_KM)
      .toSorted((a, b) => a.km - b.km);
    known.set(home, ranked);
    return ranked;
  };
  const homes = places.filter((one) => one.country in addressBlocks);
  return { kinds, homes, neighbours: (home) => known.get(home) ?? rank(home) };
}

export const world = makeArea(airports, worldKinds);
export const region = makeArea(
  airports.filter((one) => kilometres(one, airportOf(REGION)) < REGION_KM),
  regionKinds,
);

/** A place within the range, chosen by `at` in [0, 1); where there is none, the nearest beyond it, else the farthest. */
export function destination(
  area: Area,
  { home, range_km }: { home: Airport; range_km: Kind["range_km"] },
  at: number,
): Airport {
  const ranked = area.neighbours(home);
  const first = ranked.findIndex(({ km }) => km >= range_km[0]);
  const beyond = ranked.findIndex(({ km }) => km > range_km[1]);
  const low = first < 0 ? ranked.length - 1 : first;
  const high = Math.max(beyond < 0 ? ranked.length : beyond, low + 1);
  return ranked[low + Math.floor(at * (high - low))]?.place ?? home;
}
