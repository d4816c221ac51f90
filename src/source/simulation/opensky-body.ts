import { writeDecimal, writeInteger, writeText, type Ascii } from "./ascii.ts";
import type { Observer } from "./observer.ts";
import type { Report } from "./report.ts";
import type { Tick } from "./ticks.ts";

/** Upper bound for one row. Country names are the only text without a fixed length. */
const ROW_BYTES = 256;

/**
 * `{"time","states":[[18 elements]]}`, the shape of OpenSky's response with `extended=1`: one row per aircraft.
 * Written byte by byte. Joined strings leave 3 KB of garbage per row and give a third fewer rows per second.
 */
export function openskyBody(observer: Observer, aircraft: number, tick: Tick): Uint8Array {
  const to = { bytes: new Uint8Array((aircraft + 1) * ROW_BYTES), length: 0 };
  writeText(to, `{"time":${Math.floor(tick.time)},"states":[`);
  for (let index = 0; index < aircraft; index++) {
    writeText(to, index === 0 ? "[" : ",[");
    writeRow(to, observer.observe(index, tick));
    writeText(to, "]");
  }
  writeText(to, "]}");
  return to.bytes.subarray(0, to.length);
}

function writeRow(to: Ascii, row: Report): void {
  writeQuoted(to, row.icao24);
  writeQuoted(to, row.callsign);
  writeQuoted(to, row.origin_country);
  writeTime(to, row.time_position);
  writeTime(to, row.last_contact);
  writeNumber(to, row.longitude, 4);
  writeNumber(to, row.latitude, 4);
  writeNumber(to, row.baro_altitude, 2);
  writeText(to, row.on_ground ? "true," : "false,");
  writeNumber(to, row.velocity, 2);
  writeNumber(to, row.true_track, 2);
  writeNumber(to, row.vertical_rate, 2);
  writeText(to, "null,");
  writeNumber(to, row.geo_altitude, 2);
  if (row.squawk === null) writeText(to, "null,");
  else writeQuoted(to, row.squawk);
  writeText(to, row.spi ? "true," : "false,");
  writeNumber(to, row.position_source, 0);
  writeInteger(to, row.category);
}

/** Invariant: texts of the simulation contain neither quotes nor backslashes, so they need no escape. */
function writeQuoted(to: Ascii, text: string): void {
  writeText(to, '"');
  writeText(to, text);
  writeText(to, '",');
}

function writeTime(to: Ascii, time: number | null): void {
  if (time === null) return writeText(to, "null,");
  writeInteger(to, Math.floor(time));
  writeText(to, ",");
}

function writeNumber(to: Ascii, value: number | null, digits: number): void {
  if (value === null) return writeText(to, "null,");
  writeDecimal(to, value, digits);
  writeText(to, ",");
}
