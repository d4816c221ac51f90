import { makeFleet, type Aircraft, type FleetOptions } from "./fleet.ts";
import { follow } from "./leg.ts";
import type { Motion } from "./sphere.ts";

/**
 * The simulated world is a fleet of aircraft, each of which repeats a fixed cycle of legs. Observers report it.
 * Invariant: the position of each aircraft depends only on the seed, the number of aircraft and the Unix time. A
 * restarted simulation continues where the world would be without a restart.
 */
export interface World {
  seed: number;
  fleet: readonly Aircraft[];
}

export function makeWorld(options: FleetOptions): World {
  if (!Number.isInteger(options.aircraft) || options.aircraft < 1) {
    throw new RangeError(`aircraft: ${options.aircraft} is not a whole number above 0`);
  }
  return { seed: options.seed, fleet: makeFleet(options) };
}

/** Writes the motion of the aircraft at `time` (Unix s). Returns the number of its flight, unique for the aircraft. */
export function locate(aircraft: Aircraft, time: number, motion: Motion): number {
  const { legs, ends } = aircraft;
  const last = legs.length - 1;
  const cycle_s = ends[last] ?? 1;
  const round = Math.floor((time + aircraft.offset_s) / cycle_s);
  const at = time + aircraft.offset_s - round * cycle_s;
  let index = 0;
  while (index < last && at >= (ends[index] ?? 0)) index++;
  const leg = legs[index];
  if (leg !== undefined) follow(leg, index === 0 ? at : at - (ends[index - 1] ?? 0), motion);
  return round * legs.length + index;
}
