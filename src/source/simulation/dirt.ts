import type { Report } from "./report.ts";
import { chance } from "./random.ts";

/** Shares of rows, as measured on recorded responses. On the ground both altitudes and the vertical rate are missing. */
const NO_POSITION = 0.012;
const ON_GROUND = 0.97;
const NO_BARO_ALTITUDE = 0.014;
const NO_VERTICAL_RATE = 0.015;
const NO_GEO_ALTITUDE = 0.018;
const ALTITUDES_DIFFER = 0.003;
const DIFFERENCE_M = 2_133.6;
const SPI = 0.0001;
/** Values that no aircraft reaches, and rows that must be rejected: rare, but seen within an hour. */
const EXTREME = 0.0005;
const UNUSABLE = 0.0005;
const FIVE_DAYS_S = 432_000;

type Change = (report: Report) => Partial<Report>;

/** Each was seen in recorded responses. */
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

/** Makes a truthful report of an aircraft at a poll as dirty as real ones are. */
type Soil = (report: Report, aircraft: number, poll: number) => void;

/** `times`: whether a row may be rejected for its last_contact too; what is given as an age cannot. */
export function makeSoil(seed: number, { times }: { times: boolean }): Soil {
  const of = (name: string) => chance(seed, `dirt ${name}`);
  const [position, baro, rate, geo, spi] = [of("position"), of("baro"), of("rate"), of("geo"), of("spi")];
  const [differ, extreme, unusable] = [of("differ"), of("extreme"), of("unusable")];
  const rejected = times ? [...badAddresses, ...badTimes] : badAddresses;
  return (report, aircraft, poll) => {
    const ground = report.on_ground;
    if (position(aircraft, poll) < NO_POSITION) forgetPosition(report);
    if (baro(aircraft, poll) < (ground ? ON_GROUND : NO_BARO_ALTITUDE)) report.baro_altitude = null;
    if (rate(aircraft, poll) < (ground ? ON_GROUND : NO_VERTICAL_RATE)) report.vertical_rate = null;
    if (geo(aircraft, poll) < (ground ? ON_GROUND : NO_GEO_ALTITUDE)) report.geo_altitude = null;
    if (report.geo_altitude !== null && differ(aircraft, poll) < ALTITUDES_DIFFER) report.geo_altitude += DIFFERENCE_M;
    report.spi = spi(aircraft, poll) < SPI;
    apply(extremes, extreme(aircraft, poll) / EXTREME, report);
    apply(rejected, unusable(aircraft, poll) / UNUSABLE, report);
  };
}

function apply(changes: readonly Change[], at: number, report: Report): void {
  const change = at < 1 ? changes[Math.floor(at * changes.length)] : undefined;
  if (change !== undefined) Object.assign(report, change(report));
}

function forgetPosition(report: Report): void {
  report.longitude = null;
  report.latitude = null;
  report.time_position = null;
}
