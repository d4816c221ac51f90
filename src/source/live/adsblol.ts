import type { Source } from "../source.ts";
import { pollingSource, TIMEOUT_S, type PollingDependencies, type Upstream } from "./poll.ts";
import { request } from "./request.ts";

const BASE_URL = "https://api.adsb.lol";
/** s; adsb.lol requires no key and requests moderate use. */
const INTERVAL_S = 10;
const MAX_RADIUS_NM = 250;
const ATTRIBUTION =
  "Data: adsb.lol, https://adsb.lol, under the Open Database License (ODbL) 1.0, https://opendatacommons.org/licenses/odbl/1-0/";

export interface AdsblolOptions extends PollingDependencies {
  /** Without a trailing slash. */
  baseUrl?: string;
  /** deg */
  lat: number;
  /** deg */
  lon: number;
  /** nautical miles, at most 250 */
  radius_nm: number;
  /** s; default 10 */
  interval_s?: number;
}

/**
 * adsb.lol's live aircraft around a point: bodies `{"ac":[...],"now":ms}`.
 * Throws `RangeError` for a point, radius or interval out of range.
 */
export function adsblol(options: AdsblolOptions): Source {
  const { lat, lon, radius_nm, baseUrl = BASE_URL, interval_s = INTERVAL_S } = options;
  const { fetch: get = fetch, timeout_s = TIMEOUT_S } = options;
  requireRange("lat", lat, [-90, 90]);
  requireRange("lon", lon, [-180, 180]);
  requireRange("radius_nm", radius_nm, [1, MAX_RADIUS_NM]);
  if (!(interval_s > 0)) throw new RangeError(`interval_s: ${interval_s} is not a number above 0`);
  const url = new URL(`${baseUrl}/v2/point/${lat}/${lon}/${radius_nm}`);
  const headers = { accept: "application/json", "user-agent": "flightline" };
  const upstream: Upstream = {
    name: "adsblol",
    attribution: ATTRIBUTION,
    interval_s,
    rows: "ac",
    hints: {},
    statusMessage: () => null,
    fetchOnce: (signal) => request(url, { fetch: get, timeout_s, signal, headers }),
  };
  return pollingSource(upstream, options);
}

function requireRange(name: string, value: number, [min, max]: readonly [number, number]): void {
  if (!(value >= min && value <= max)) throw new RangeError(`${name}: ${value} is not a number from ${min} to ${max}`);
}
