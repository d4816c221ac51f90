import type { Airport } from "./airports.ts";
import { circleBetween, writePosition, type Circle, type Motion } from "./sphere.ts";

/** From the parking position to the start of the takeoff, and the same after the landing. */
const TAXI_M = 1_500;
const TAXI_MPS = 7.5;
const TAXI_S = TAXI_M / TAXI_MPS;
/** A real turnaround is longer, but then the transponder is off and the aircraft does not transmit. */
const PARKED_S = 210;
/** The planned cruise is at least this far above the higher of the two airports. */
const MIN_CLEARANCE_M = 1_500;

/** m, m/s. `low` is the speed at takeoff and landing. `climb` and `descent` are vertical rates. */
export interface Performance {
  cruise: number;
  low: number;
  altitude: number;
  climb: number;
  descent: number;
}

/**
 * A leg is one flight from parking position to parking position: a great circle, and a profile of altitude and speed
 * along it. The phases are taxi, climb, cruise, descent, taxi and parking.
 */
export interface Leg extends Circle, Pick<Performance, "cruise" | "low" | "altitude"> {
  /** m above sea level, of the departure and the arrival airport */
  elevations: readonly [number, number];
  climb_s: number;
  cruise_s: number;
  descent_s: number;
  /** Of all phases. */
  duration_s: number;
}

/** The airports must be more than 10 km apart. On a short leg, the aircraft does not reach its cruise altitude. */
export function planLeg(from: Airport, to: Airport, performance: Performance): Leg {
  const { start, toward, distance } = circleBetween(from, to);
  const { cruise, low } = performance;
  const elevations = [from.elevation, to.elevation] as const;
  const highest = Math.max(...elevations);
  const { altitude, climb_s, cruise_s, descent_s, duration_s } = profile(distance - 2 * TAXI_M, performance, highest);
  // All members in one literal. V8 gives each object made by spreading its own hidden class, which makes reads several
  // times slower.
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

/**
 * Cruise altitude (m) and durations (s) for `distance` m in the air. `highest` is the elevation of the higher airport.
 * Speed changes linearly with time during climb and descent.
 */
function profile(distance: number, performance: Performance, highest: number) {
  const mean = (performance.low + performance.cruise) / 2;
  const planned = Math.max(performance.altitude - highest, MIN_CLEARANCE_M);
  const needed = mean * (planned / performance.climb + planned / performance.descent);
  const height = planned * Math.min(1, (0.9 * distance) / needed);
  const climb_s = height / performance.climb;
  const descent_s = height / performance.descent;
  const cruise_s = (distance - mean * (climb_s + descent_s)) / performance.cruise;
  const duration_s = climb_s + cruise_s + descent_s + 2 * TAXI_S + PARKED_S;
  return { altitude: highest + height, climb_s, cruise_s, descent_s, duration_s };
}

/** Writes the motion at `at` s after the start of the leg, in [0, duration_s). */
export function follow(leg: Leg, at: number, motion: Motion): void {
  writePosition(leg, travel(leg, at, motion), motion);
}

/** Returns m along the great circle. Writes the members of `motion` that do not depend on the position. */
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

/** Returns m along the great circle at `flown` s after takeoff. */
function fly(leg: Leg, flown: number, motion: Motion): number {
  const left = leg.climb_s + leg.cruise_s + leg.descent_s - flown;
  motion.on_ground = false;
  if (flown < leg.climb_s) return TAXI_M + slope(leg, { duration_s: leg.climb_s, at: flown, airport: 0 }, motion);
  if (left < leg.descent_s)
    return leg.distance - TAXI_M - slope(leg, { duration_s: leg.descent_s, at: left, airport: 1 }, motion);
  motion.velocity = leg.cruise;
  motion.vertical_rate = 0;
  motion.altitude = leg.altitude;
  const climbed = ((leg.low + leg.cruise) / 2) * leg.climb_s;
  return TAXI_M + climbed + leg.cruise * (flown - leg.climb_s);
}

interface Slope {
  duration_s: number;
  at: number;
  airport: 0 | 1;
}

/**
 * A climb, or a descent in reverse: returns m from the runway, `at` s from the runway, of a slope of `duration_s`.
 * `airport` is 0 for the departure and 1 for the arrival.
 */
function slope(leg: Leg, { duration_s, at, airport }: Slope, motion: Motion): number {
  const gain = (leg.cruise - leg.low) / duration_s;
  const elevation = leg.elevations[airport];
  const rate = (leg.altitude - elevation) / duration_s;
  motion.velocity = leg.low + gain * at;
  motion.vertical_rate = airport === 0 ? rate : -rate;
  motion.altitude = elevation + rate * at;
  return leg.low * at + (gain * at * at) / 2;
}
