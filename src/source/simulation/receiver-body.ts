import type { Observer } from "./observer.ts";
import type { Report } from "./report.ts";
import { distanceBetween, type Vector } from "./sphere.ts";
import type { Tick } from "./ticks.ts";

/** m: radio range to an aircraft in the air, and to one on the ground. */
const RANGE_M = 250_000;
const GROUND_RANGE_M = 30_000;
/** readsb removes an aircraft this long after its last message. */
const MAX_CONTACT_AGE_S = 300;
const FOOT_M = 0.3048;
const KNOT_MPS = 0.514444;
const FOOT_PER_MINUTE_MPS = 0.00508;
/** readsb moves a position to `lastPosition` at this age. */
const LAST_POSITION_S = 60;
/** By position_source. */
const TYPES = ["adsb_icao", "adsb_icao", "mlat", "flarm"];
/** By OpenSky's category. A0 is 1. */
const CATEGORIES = ["A0", "A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "B1"];

interface ReceiverSite {
  position: Vector;
  /** Number of aircraft in the world. The body contains those in range. */
  aircraft: number;
}

/**
 * `{"now","aircraft":[...]}`, the shape of readsb's aircraft.json. Units: feet, knots, feet per minute. An unknown
 * value has no key.
 */
export function receiverBody(observer: Observer, { position, aircraft }: ReceiverSite, tick: Tick): Uint8Array {
  const received: string[] = [];
  for (let index = 0; index < aircraft; index++) {
    const report = observer.observe(index, tick);
    const range = observer.motion.on_ground ? GROUND_RANGE_M : RANGE_M;
    if (distanceBetween(position, observer.motion) > range || ageAt(report.last_contact, tick) > MAX_CONTACT_AGE_S)
      continue;
    received.push(JSON.stringify(aircraftOf(report, tick)));
  }
  return Buffer.from(`{"now":${tick.time.toFixed(3)},"messages":${tick.poll},"aircraft":[${received.join(",")}]}`);
}

/** `JSON.stringify` omits the members that are undefined. */
function aircraftOf(report: Report, tick: Tick) {
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
    ...positionMembers(report, tick),
    spi: report.spi ? 1 : 0,
    seen: tenths(ageAt(report.last_contact, tick)),
  };
}

/** readsb moves an old position into `lastPosition`. Half of the aircraft in recorded files have one. */
function positionMembers({ latitude, longitude, time_position }: Report, tick: Tick) {
  if (latitude === null || longitude === null) return {};
  const position = { lat: round6(latitude), lon: round6(longitude), seen_pos: tenths(ageAt(time_position, tick)) };
  return position.seen_pos > LAST_POSITION_S ? { lastPosition: position } : position;
}

const ageAt = (time: number | null, tick: Tick) => (time === null ? 0 : tick.time - time);
const tenths = (value: number) => Math.round(value * 10) / 10;
const round6 = (value: number) => Math.round(value * 1_000_000) / 1_000_000;
/** `value` in `unit`, rounded to 1 / `steps`. */
const scaled = (value: number | null, unit: number, steps: number) =>
  value === null ? undefined : Math.round((value / unit) * steps) / steps;
