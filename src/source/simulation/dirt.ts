import { chance } from "./random.ts";
import type { Report } from "./report.ts";

/**
 * Dirt is the difference between a true report and a real one: missing values, extreme values and invalid rows. Without
 * it, simulated data would not exercise the cleaner.
 *
 * The numbers are shares of rows, measured on recorded responses. On the ground, both altitudes and the vertical rate
 * are missing.
 */
const NO_POSITION = 0.012;
const MISSING_ON_GROUND = 0.97;
const NO_BARO_ALTITUDE = 0.014;
const NO_VERTICAL_RATE = 0.015;
const NO_GEO_ALTITUDE = 0.018;
const ALTITUDES_DIFFER = 0.003;
const DIFFERENCE_M = 2_133.6;
const SPI = 0.0001;
/** Shares of rows with an impossible value, and of rows to reject. Both occur within an hour of simulated time. */
const EXTREME_SHARE = 0.0005;
const INVALID_SHARE = 0.0005;
const FIVE_DAYS_S = 432_000;

type Change = (report: Report) => Partial<Report>;

/** Each occurs in recorded responses. */
const extremes: readonly Change[] = [
  () => ({ velocity: 2_326.16 }),
  () => ({ geo_altitude: 36_065.76 }),
  () => ({ baro_altitude: 17_907 }),
  () => ({ vertical_rate: 604.14 }),
  () => ({ vertical_rate: -166.46 }),
  () => ({ callsign: "AB-12   " }),
  ({ time_position }) => ({ time_position: time_position === null ? null : time_position - FIVE_DAYS_S }),
];
const badAddresses: readonly Change[] = ["000000", "", "ffffff", "4b1g2x"].map((icao24) => () => ({ icao24 }));
const badTimes: readonly Change[] = [
  () => ({ last_contact: null }),
  ({ last_contact }) => ({ last_contact: last_contact === null ? null : last_contact * 1_000 }),
];

/** Changes a true report of an aircraft at a poll, in place. */
type AddDirt = (report: Report, aircraft: number, poll: number) => void;

/** `sendsTimes`: the observer sends `last_contact` as a time, which can be invalid. A receiver sends an age instead. */
export function makeDirt(seed: number, { sendsTimes }: { sendsTimes: boolean }): AddDirt {
  const chanceOf = (name: string) => chance(seed, `dirt ${name}`);
  const [position, baro, rate, geo, spi] = [
    chanceOf("position"),
    chanceOf("baro"),
    chanceOf("rate"),
    chanceOf("geo"),
    chanceOf("spi"),
  ];
  const [differ, extreme, invalidity] = [chanceOf("differ"), chanceOf("extreme"), chanceOf("unusable")];
  const invalid = sendsTimes ? [...badAddresses, ...badTimes] : badAddresses;
  return (report, aircraft, poll) => {
    const ground = report.on_ground;
    if (position(aircraft, poll) < NO_POSITION) clearPosition(report);
    if (baro(aircraft, poll) < (ground ? MISSING_ON_GROUND : NO_BARO_ALTITUDE)) report.baro_altitude = null;
    if (rate(aircraft, poll) < (ground ? MISSING_ON_GROUND : NO_VERTICAL_RATE)) report.vertical_rate = null;
    if (geo(aircraft, poll) < (ground ? MISSING_ON_GROUND : NO_GEO_ALTITUDE)) report.geo_altitude = null;
    if (report.geo_altitude !== null && differ(aircraft, poll) < ALTITUDES_DIFFER) report.geo_altitude += DIFFERENCE_M;
    report.spi = spi(aircraft, poll) < SPI;
    apply(extremes, extreme(aircraft, poll) / EXTREME_SHARE, report);
    apply(invalid, invalidity(aircraft, poll) / INVALID_SHARE, report);
  };
}

/** Applies the change that `at` in [0, 1) selects. Applies none for a larger `at`. */
function apply(changes: readonly Change[], at: number, report: Report): void {
  const change = at < 1 ? changes[Math.floor(at * changes.length)] : undefined;
  if (change !== undefined) Object.assign(report, change(report));
}

function clearPosition(report: Report): void {
  report.longitude = null;
  report.latitude = null;
  report.time_position = null;
}
