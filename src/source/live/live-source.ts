import { adsblol } from "./adsblol.ts";
import { opensky } from "./opensky.ts";
import type { Source } from "../source.ts";
import type { Credentials } from "./token.ts";

/** What a live source is asked for. */
export interface Asked {
  /** deg: south, west, north, east; undefined: the world. */
  opensky_box: readonly number[] | undefined;
  /** deg, deg, nautical miles */
  adsblol_point: readonly number[];
  credentials: Credentials | undefined;
}

/** A live source by its name. Throws `RangeError` for a box or point that it does not answer. */
export function liveSource(name: "opensky" | "adsblol", { opensky_box, adsblol_point, credentials }: Asked): Source {
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
