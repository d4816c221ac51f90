import type { Aircraft } from "./fleet.ts";
import { between, chance, pick } from "./random.ts";
import type { Report } from "./report.ts";

/**
 * Shares of flights without a received transponder code, with a blank callsign, and with an emergency.
 * Measured: 30-64 % of rows without a squawk, 2 % with a blank callsign, 4 emergencies in 187,000 rows.
 */
const NO_SQUAWK = 0.45;
const BLANK_CALLSIGN = 0.02;
const EMERGENCY = 0.00005;
const EMERGENCY_CODES = ["7500", "7600", "7700"];
const BLANKS = "        ";
/** m: minimum and maximum difference of the geometric and the barometric altitude, caused by the air pressure. */
const PRESSURE_M = [-105, 245] as const;

/**
 * Writes the values that are constant during a flight: identity, callsign and squawk. They are the same for every
 * observer.
 * Returns the geometric minus the barometric altitude, m.
 */
type DescribeFlight = (report: Report, aircraft: Aircraft, at: { index: number; flight: number }) => number;

export function makeDescriber(seed: number): DescribeFlight {
  const chanceOf = (name: string) => chance(seed, `flight ${name}`);
  const [code, silent, blank, emergency, pressure] = [
    chanceOf("code"),
    chanceOf("silent"),
    chanceOf("blank"),
    chanceOf("emergency"),
    chanceOf("qnh"),
  ];
  const squawkOf = (index: number, flight: number) => {
    const at = emergency(index, flight) / EMERGENCY;
    if (at < 1) return pick(EMERGENCY_CODES, at);
    return silent(index, flight) < NO_SQUAWK ? null : octal(code(index, flight));
  };
  return (report, aircraft, { index, flight }) => {
    report.icao24 = aircraft.icao24;
    report.origin_country = aircraft.origin_country;
    report.category = aircraft.category;
    report.position_source = aircraft.position_source;
    const callsign = aircraft.callsigns[flight % aircraft.callsigns.length] ?? "";
    report.callsign = blank(index, flight) < BLANK_CALLSIGN ? BLANKS : callsign + BLANKS.slice(callsign.length);
    report.squawk = squawkOf(index, flight);
    return between(...PRESSURE_M, pressure(index, flight));
  };
}

/** 1000 to 6776, below the emergency codes. */
const octal = (at: number) => (0o1000 + Math.floor(at * 0o5777)).toString(8);
