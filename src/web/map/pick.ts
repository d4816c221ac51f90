import { numberOf, type WireRow } from "../../server/wire.ts";
import { mercatorX, mercatorY } from "./sprites.ts";

/** px of the world at zoom 0 */
const WORLD = 512;

/** The aircraft nearest to a place, within `reach` px of it; of equals the one drawn last, which lies on top. */
export function nearest(
  rows: readonly WireRow[],
  { lng, lat }: { lng: number; lat: number },
  { zoom, reach }: { zoom: number; reach: number },
): WireRow | undefined {
  const px = WORLD * 2 ** zoom;
  const [x, y] = [mercatorX(lng), mercatorY(lat)];
  let least = reach;
  let found: WireRow | undefined;
  for (const row of rows) {
    const [longitude, latitude] = [numberOf(row, "longitude"), numberOf(row, "latitude")];
    if (longitude === null || latitude === null) continue;
    const across = mercatorX(longitude) - x;
    // the copy of the world that is nearest
    const distance = Math.hypot(across - Math.round(across), mercatorY(latitude) - y) * px;
    if (distance > least) continue;
    least = distance;
    found = row;
  }
  return found;
}
