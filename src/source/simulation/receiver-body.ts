import { distanceOf, type Vector } from "./sphere.ts";
import type { Observer } from "./observer.ts";
import type { Report } from "./report.ts";
import type { Tick } from "./ticks.ts";

/** How far a receiver hears: an aircraft in the air, and one on the ground. */
const REACH_M = 250_000;
const GROUND_REACH_M = 30_000;
/** readsb forgets an aircraft that it has not heard for so long. */
const FORGOTTEN_S = 300;
const FOOT_M = 0.3048;
const KNOT_MPS = 0.514444;
const FOOT_PER_MINUTE_MPS = 0.00508;
/** By position_source. */
const TYPES = ["adsb_icao", "adsb_icao", "mlat", "flarm"];
/** By OpenSky's category, which counts from A0 at 1. */
const CATEGORIES = ["A0", "A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "B1"];

interface Antenna {
  place: Vector;
  /** Aircraft of the world: all are asked, those in reach are heard. */
  aircraft: number;
}

/** `{"now","aircraft":[...]}`, as readsb writes aircraft.json: feet, knots, feet a minute; what is unknown has no key. */
export function receiverBody(observer: Observer, { place, aircraft }: Antenna, tick: Tick): Uint8Array {
  const heard: string[] = [];
  for (let index = 0; index < aircraft; index++) {
    const report = observer.observe(index, tick);
    const reach = observer.motion.on_ground ? GROUND_REACH_M : REACH_M;
    if (distanceOf(place, observer.motion) > reach || ago(report.last_contact, tick) > FORGOTTEN_S) continue;
    heard.push(JSON.stringify(aircraftOf(report, tick)));
  }
  return Buffer.from(`{"now":${tick.time.toFixed(3)},"messages":${tick.poll},"aircraft":[${heard.join(",")}]}`);
}

/** `JSON.stringify` leaves out what is undefined. */
function aircraftOf(report: Report, tick: Tick) {
  const place = placeOf(report, tick);
  return {
    hex: report.icao24,
    type: TYPES[report.position_source],
    flight: report.callsign.trim() === "" ? undefined : report.callsign,
    alt_baro: report.on_ground ? "ground" : scaled(report.baro_altitude, FOOT_M, 1),
    alt_geom: scaled(report.geo_altitude, FOOT_M, 1),
    gs: scaled(report.velocity, KNOT_MPS, 10),
    track: Math.round(report.true_track * 100) / 100,
    baro_rate: scaled(report.vertical_rate, FOOT_PER_MINUTE_MPS, 1),
    squawk: report.squawk ?? undefined,
    category: CATEGORIES[report.category],
    ...place,
    spi: report.spi ? 1 : 0,
    seen: tenths(ago(report.last_contact, tick)),
  };
}

/** Where no fresh position is known, readsb keeps the last one apart; one in two aircraft had one. */
function placeOf({ latitude, longitude, time_position }: Report, tick: Tick) {
  if (latitude === null || longitude === null) return {};
  const place = { lat: round6(latitude), lon: round6(longitude), seen_pos: tenths(ago(time_position, tick)) };
  return place.seen_pos > LAST_POSITION_S ? { lastPosition: place } : place;
}
/** readsb moves a position to `lastPosition` at this age. */
const LAST_POSITION_S = 60;

const ago = (time: number | null, tick: Tick) => (time === null ? 0 : tick.time - time);
const tenths = (of: number) => Math.round(of * 10) / 10;
const round6 = (of: number) => Math.round(of * 1_000_000) / 1_000_000;
const scaled = (of: number | null, unit: number, steps: number) =>
  of === null ? undefined : Math.round((of / unit) * steps) / steps;
