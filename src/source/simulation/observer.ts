import { makeCoverage } from "./coverage.ts";
import { makeDirt } from "./dirt.ts";
import { makeDescriber } from "./flight.ts";
import { chance } from "./random.ts";
import { newReport, type Report } from "./report.ts";
import { newMotion, type Motion } from "./sphere.ts";
import type { Tick } from "./ticks.ts";
import { locate, type World } from "./world.ts";

/** m: the resolution of transmitted altitudes, 25 ft. */
const ALTITUDE_STEP_M = 7.62;
/** m/s: the resolution of transmitted vertical rates, 64 ft/min. */
const RATE_STEP_MPS = 0.32512;
const FLARM = 3;

/**
 * An observer is a network or a receiver that reports the aircraft of a world, each with its own coverage and dirt.
 * `observe` overwrites and returns the same report each time, to avoid garbage.
 */
export interface Observer {
  observe(index: number, tick: Tick): Report;
  /** The true motion of the aircraft in the last report. */
  motion: Motion;
}

export function makeObserver(world: World, { name, sendsTimes }: { name: string; sendsTimes: boolean }): Observer {
  const seed = Math.floor(chance(world.seed, name)(0, 0) * 0x1_0000_0000);
  const coverage = makeCoverage(seed);
  const addDirt = makeDirt(seed, { sendsTimes });
  const describeFlight = makeDescriber(world.seed);
  const report = newReport();
  const motion = newMotion();
  const observe = (index: number, tick: Tick) => {
    const aircraft = world.fleet[index];
    if (aircraft === undefined) throw new RangeError(`aircraft: ${index} is not in the fleet of ${world.fleet.length}`);
    const poll = coverage.servedPoll(index, tick.poll);
    const time = tick.time - (tick.poll - poll) * tick.step_s;
    const contact = time - coverage.contactAge(index, poll, time);
    const positioned = contact - coverage.positionAge(index, poll);
    const flight = locate(aircraft, positioned, motion);
    report.last_contact = contact;
    report.time_position = positioned;
    const difference = describeFlight(report, aircraft, { index, flight });
    measure(report, motion, difference);
    addDirt(report, index, poll);
    return report;
  };
  return { observe, motion };
}

/** `difference`: the geometric minus the barometric altitude, m. */
function measure(report: Report, motion: Motion, difference: number): void {
  report.longitude = motion.longitude;
  report.latitude = motion.latitude;
  report.on_ground = motion.on_ground;
  report.velocity = motion.velocity;
  report.true_track = motion.true_track;
  // FLARM (gliders) sends negative tracks. Recorded responses contain -221.
  if (report.position_source === FLARM && motion.true_track > 139) report.true_track -= 360;
  report.vertical_rate = Math.round(motion.vertical_rate / RATE_STEP_MPS) * RATE_STEP_MPS;
  report.baro_altitude = Math.round(motion.altitude / ALTITUDE_STEP_M) * ALTITUDE_STEP_M;
  report.geo_altitude = Math.round((motion.altitude + difference) / ALTITUDE_STEP_M) * ALTITUDE_STEP_M;
}
