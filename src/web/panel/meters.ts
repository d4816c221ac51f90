import type { StoredRow } from "../../flow/queries.ts";

/** Mean radius of the Earth, m. */
const RADIUS_M = 6_371_008.8;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance between two rows in m. Null where a row has no position. */
export function metersBetween(a: StoredRow, b: StoredRow): number | null {
  const [lon1, lat1, lon2, lat2] = [a["longitude"], a["latitude"], b["longitude"], b["latitude"]];
  if (typeof lon1 !== "number" || typeof lat1 !== "number" || typeof lon2 !== "number" || typeof lat2 !== "number")
    return null;
  const haversine = (degrees: number): number => Math.sin(radians(degrees) / 2) ** 2;
  const h = haversine(lat2 - lat1) + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * haversine(lon2 - lon1);
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
