import type { Box } from "../queries.ts";

/** A position in a box, its edges included; the box may cross the antimeridian. What has no position is in none. */
export function isInside(
  of: { longitude?: unknown; latitude?: unknown },
  { lamin, lamax, lomin, lomax }: Box,
): boolean {
  const { longitude, latitude } = of;
  if (typeof longitude !== "number" || typeof latitude !== "number" || latitude < lamin || latitude > lamax)
    return false;
  return lomin <= lomax ? longitude >= lomin && longitude <= lomax : longitude >= lomin || longitude <= lomax;
}
