import type { Source } from "../source.ts";
import { adsblol } from "./adsblol.ts";
import { opensky } from "./opensky.ts";
import type { Credentials } from "./token.ts";

export interface LiveSourceOptions {
  /** deg: south, west, north, east; undefined: the world. */
  opensky_box: readonly number[] | undefined;
  /** latitude and longitude in deg, radius in nautical miles */
  adsblol_point: readonly number[];
  /** OpenSky only. */
  credentials: Credentials | undefined;
}

/** Throws `RangeError` for a box or point that the service does not accept. */
export function liveSource(
  name: "opensky" | "adsblol",
  { opensky_box, adsblol_point, credentials }: LiveSourceOptions,
): Source {
  if (name === "adsblol") {
    const [lat = 0, lon = 0, radius_nm = 0] = adsblol_point;
    return adsblol({ lat, lon, radius_nm });
  }
  const [lamin = 0, lomin = 0, lamax = 0, lomax = 0] = opensky_box ?? [];
  return opensky({
    ...(opensky_box === undefined ? {} : { box: { lamin, lomin, lamax, lomax } }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}
