import type { Aircraft } from "./fleet.ts";
import { between, chance, pick } from "./random.ts";
import type { Report } from "./report.ts";

/**
 * Shares of flights whose transponder code is never heard, whose callsign is blank, and that have an emergency.
 * Measured: 30-64 % of rows without a squawk, 2 % with a blank callsign, 4 emergencies in 187,000 rows.
 */
const NO_SQUAWK = 0.45;
const BLANK_CALLSIGN = 0.02;
const EMERGENCY = 0.00005;
const EMERGENCY_CODES = ["7500", "7600", "7700"];
const BLANKS = "        ";
/** m: how far the pressure of a flight's day moves its barometric from its geometric altitude, from lowest to highest. */
const PRESSURE_M = [-105, 245] as const;

/** Writes what stays for a flight: identity, callsign and squawk, the same for every observer; returns the pressure, m. */
type Describe = (report: Report, aircraft: Aircraft, at: { index: number; flight: number }) => number;

export function makeDescriber(seed: number): Describe {
  const of = (name: string) => chance(seed, `flight ${name}`);
  const [code, silent, blank, emergency, pressure] = [
    of("code"),
    of("silent"),
    of("blank"),
    of("emergency"),
    of("qnh"),
  ];
  const squawkOf = (index: number, flight: number) => {
    const trouble = emergency(index, flight) / EMERGENCY;
    if (trouble < 1) return pick(EMERGENCY_CODES, trouble);
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

/** 1000 to 6776, which no emergency is. */
const octal = (at: number) => (0o1000 + Math.floor(at * 0o5777)).toString(8);
