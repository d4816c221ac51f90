import type { Airport } from "./airports.ts";
import { circleBetween, place, type Circle, type Motion } from "./sphere.ts";

/** From the stand to where the take-off begins, and back after the landing. */
const TAXI_M = 1_500;
const TAXI_MPS = 7.5;
const TAXI_S = TAXI_M / TAXI_MPS;
/** A real turnaround is longer, but then the transponder is off and nobody hears the aircraft. */
const STAND_S = 210;
/** An aircraft wants to fly above the higher of its airports by at least this. */
const CLEARANCE_M = 1_500;

/** How an aircraft flies; m, m/s. `low` is the speed at take-off and landing. */
export interface Performance {
  cruise: number;
  low: number;
  altitude: number;
  climb: number;
  descent: number;
}

/** One flight from stand to stand: a great circle and a profile along it. */
export interface Leg extends Circle, Pick<Performance, "cruise" | "low" | "altitude"> {
  /** m above sea level, of both airports */
  elevations: readonly [number, number];
  climb_s: number;
  cruise_s: number;
  descent_s: number;
  /** With taxi and stand. */
  duration_s: number;
}

/** Two airports more than 10 km apart. On a short leg the aircraft does not reach the altitude that it could. */
export function planLeg(from: Airport, to: Airport, able: Performance): Leg {
  const { start, toward, distance } = circleBetween(from, to);
  const { cruise, low } = able;
  const elevations = [from.elevation, to.elevation] as const;
  const highest = Math.max(...elevations);
  const { altitude, climb_s, cruise_s, descent_s, duration_s } = profile(distance - 2 * TAXI_M, able, highest);
  // Spelt out: objects made by spreading each get a hidden class of their own, and reading them is several times slower.
  return {
    start,
    toward,
    distance,
    elevations,
    cruise,
    low,
    altitude,
    climb_s,
    cruise_s,
    descent_s,
    duration_s,
  };
}

/** Altitude and times of climb, cruise and descent over `way` metres; speed grows and falls linearly in time. */
function profile(way: number, able: Performance, highest: number) {
  const mean = (able.low + able.cruise) / 2;
  const wanted = Math.max(able.altitude - highest, CLEARANCE_M);
  const needed = mean * (wanted / able.climb + wanted / able.descent);
  const height = wanted * Math.min(1, (0.9 * way) / needed);
  const climb_s = height / able.climb;
  const descent_s = height / able.descent;
  const cruise_s = (way - mean * (climb_s + descent_s)) / able.cruise;
  const duration_s = climb_s + cruise_s + descent_s + 2 * TAXI_S + STAND_S;
  return { altitude: highest + height, climb_s, cruise_s, descent_s, duration_s };
}

/** Writes into `motion` where the aircraft is `at` seconds, in [0, duration_s), after it left the stand. */
export function follow(leg: Leg, at: number, motion: Motion): void {
  place(leg, travel(leg, at, motion), motion);
}

/** Metres along the leg; writes all of `motion` that does not depend on the place. */
function travel(leg: Leg, at: number, motion: Motion): number {
  const airborne = leg.climb_s + leg.cruise_s + leg.descent_s;
  const flown = at - TAXI_S;
  if (flown >= 0 && flown < airborne) return fly(leg, flown, motion);
  if (flown < 0) {
    roll(leg.elevations[0], TAXI_MPS, motion);
    return at * TAXI_MPS;
  }
  const left = TAXI_M - (flown - airborne) * TAXI_MPS;
  roll(leg.elevations[1], left > 0 ? TAXI_MPS : 0, motion);
  return leg.distance - Math.max(left, 0);
}

function roll(elevation: number, velocity: number, motion: Motion): void {
  motion.on_ground = true;
  motion.velocity = velocity;
  motion.vertical_rate = 0;
  motion.altitude = elevation;
}

/** Metres along the leg at `flown` seconds after take-off. */
function fly(leg: Leg, flown: number, motion: Motion): number {
  const left = leg.climb_s + leg.cruise_s + leg.descent_s - flown;
  motion.on_ground = false;
  if (flown < leg.climb_s) return TAXI_M + slope(leg, { of: leg.climb_s, at: flown, end: 0 }, motion);
  if (left < leg.descent_s) return leg.distance - TAXI_M - slope(leg, { of: leg.descent_s, at: left, end: 1 }, motion);
  motion.velocity = leg.cruise;
  motion.vertical_rate = 0;
  motion.altitude = leg.altitude;
  const climbed = ((leg.low + leg.cruise) / 2) * leg.climb_s;
  return TAXI_M + climbed + leg.cruise * (flown - leg.climb_s);
}

/** Climb, or descent seen from its end: metres from the runway after `at` of `of` seconds. */
function slope(leg: Leg, { of, at, end }: { of: number; at: number; end: 0 | 1 }, motion: Motion): number {
  const gain = (leg.cruise - leg.low) / of;
  const elevation = leg.elevations[end];
  const rate = (leg.altitude - elevation) / of;
  motion.velocity = leg.low + gain * at;
  motion.vertical_rate = end === 0 ? rate : -rate;
  motion.altitude = elevation + rate * at;
  return leg.low * at + (gain * at * at) / 2;
}
