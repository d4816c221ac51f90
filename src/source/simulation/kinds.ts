import type { Performance } from "./leg.ts";

/** A kind of aircraft: its performance, its range (km), and OpenSky's `category` and `position_source`. */
export interface AircraftKind extends Performance {
  range_km: readonly [number, number];
  category: number;
  position_source: number;
}

/** m, m/s; rounded from the published performance of such types. */
const jet: AircraftKind = {
  cruise: 235,
  low: 75,
  altitude: 11_000,
  climb: 9,
  descent: 7.5,
  range_km: [350, 3_800],
  category: 4,
  position_source: 0,
};
const heavy: AircraftKind = {
  cruise: 250,
  low: 80,
  altitude: 11_600,
  climb: 8,
  descent: 7.5,
  range_km: [2_500, 11_500],
  category: 6,
  position_source: 0,
};
const turboprop: AircraftKind = {
  cruise: 140,
  low: 60,
  altitude: 6_700,
  climb: 6.5,
  descent: 6,
  range_km: [100, 1_100],
  category: 3,
  position_source: 0,
};
export const light: AircraftKind = {
  cruise: 60,
  low: 30,
  altitude: 1_900,
  climb: 3.5,
  descent: 3,
  range_km: [50, 400],
  category: 2,
  position_source: 0,
};
const glider: AircraftKind = {
  cruise: 32,
  low: 25,
  altitude: 1_500,
  climb: 2,
  descent: 1.2,
  range_km: [50, 400],
  category: 9,
  position_source: 3,
};
const multilaterated: AircraftKind = { ...jet, position_source: 2 };
const seenByRadar: AircraftKind = { ...jet, position_source: 1 };

const repeat = (n: number, kind: AircraftKind) => Array.from({ length: n }, () => kind);

/** Each kind occurs in proportion to its number of aircraft. */
export const worldKinds: readonly AircraftKind[] = [
  ...repeat(26, jet),
  ...repeat(9, heavy),
  turboprop,
  turboprop,
  multilaterated,
  seenByRadar,
  light,
];
export const regionKinds: readonly AircraftKind[] = [
  jet,
  jet,
  turboprop,
  turboprop,
  turboprop,
  light,
  light,
  multilaterated,
  glider,
];
