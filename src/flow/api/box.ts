import type { Box } from "../queries.ts";

/**
 * Whether a row is inside a box. Edges belong to the box, and the box may cross the antimeridian. A row without a position
 * is outside every box.
 */
export function isInside(
  { longitude, latitude }: { longitude?: unknown; latitude?: unknown },
  { lamin, lamax, lomin, lomax }: Box,
): boolean {
  if (typeof longitude !== "number" || typeof latitude !== "number" || latitude < lamin || latitude > lamax)
    return false;
  return lomin <= lomax ? longitude >= lomin && longitude <= lomax : longitude >= lomin || longitude <= lomax;
}
