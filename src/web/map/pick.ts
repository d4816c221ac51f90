import { numberOf, type WireRow } from "../../server/wire.ts";
import { mercatorX, mercatorY } from "./sprites.ts";

/** Width of the world at zoom 0, px */
const WORLD = 512;

/** The aircraft nearest to a position, within `reach` px. Of equally near ones, the last: it is drawn on top. */
export function nearestAircraft(
  rows: readonly WireRow[],
  { lng, lat }: { lng: number; lat: number },
  { zoom, reach }: { zoom: number; reach: number },
): WireRow | undefined {
  const px = WORLD * 2 ** zoom;
  const [x, y] = [mercatorX(lng), mercatorY(lat)];
  let shortest = reach;
  let nearest: WireRow | undefined;
  for (const row of rows) {
    const [longitude, latitude] = [numberOf(row, "longitude"), numberOf(row, "latitude")];
    if (longitude === null || latitude === null) continue;
    const across = mercatorX(longitude) - x;
    // measured to the nearest copy of the world
    const distance = Math.hypot(across - Math.round(across), mercatorY(latitude) - y) * px;
    if (distance > shortest) continue;
    shortest = distance;
    nearest = row;
  }
  return nearest;
}
