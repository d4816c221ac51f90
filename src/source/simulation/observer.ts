import { makeCoverage } from "./coverage.ts";
import { makeSoil } from "./dirt.ts";
import { makeDescriber } from "./flight.ts";
import { newMotion, type Motion } from "./sphere.ts";
import { chance } from "./random.ts";
import { newReport, type Report } from "./report.ts";
import type { Tick } from "./ticks.ts";
import { locate, type World } from "./world.ts";

/** m: what altimeters resolve, 25 ft. */
const ALTITUDE_STEP_M = 7.62;
/** m/s: 64 ft/min. */
const RATE_STEP_MPS = 0.32512;
const FLARM = 3;

/** Reports of one observer, a network or a receiver, in one world: `observe` overwrites and returns the same report. */
export interface Observer {
  observe(index: number, tick: Tick): Report;
  /** Where the aircraft of the last report truly was. */
  motion: Motion;
}

export function makeObserver(world: World, { name, times }: { name: string; times: boolean }): Observer {
  const seed = Math.floor(chance(world.seed, name)(0, 0) * 0x1_0000_0000);
  const coverage = makeCoverage(seed);
  const soil = makeSoil(seed, { times });
  const describe = makeDescriber(world.seed);
  const report = newReport();
  const motion = newMotion();
  const observe = (index: number, tick: Tick) => {
    const aircraft = world.fleet[index];
    if (aircraft === undefined) throw new RangeError(`aircraft: there is no ${index} among ${world.fleet.length}`);
    const poll = coverage.servedPoll(index, tick.poll);
    const time = tick.time - (tick.poll - poll) * tick.step_s;
    const contact = time - coverage.contactAge(index, poll, time);
    const seen = contact - coverage.positionAge(index, poll);
    const flight = locate(aircraft, seen, motion);
    report.last_contact = contact;
    report.time_position = seen;
    const pressure = describe(report, aircraft, { index, flight });
    measure(report, motion, pressure);
    soil(report, index, poll);
    return report;
  };
  return { observe, motion };
}

/** `pressure`: m from the barometric to the geometric altitude. */
function measure(report: Report, motion: Motion, pressure: number): void {
  report.longitude = motion.longitude;
  report.latitude = motion.latitude;
  report.on_ground = motion.on_ground;
  report.velocity = motion.velocity;
  report.true_track = motion.true_track;
  // Gliders' FLARM sends negative tracks where others send 0 to 360; -221 was seen.
  if (report.position_source === FLARM && motion.true_track > 139) report.true_track -= 360;
  report.vertical_rate = Math.round(motion.vertical_rate / RATE_STEP_MPS) * RATE_STEP_MPS;
  report.baro_altitude = Math.round(motion.altitude / ALTITUDE_STEP_M) * ALTITUDE_STEP_M;
  report.geo_altitude = Math.round((motion.altitude + pressure) / ALTITUDE_STEP_M) * ALTITUDE_STEP_M;
}
