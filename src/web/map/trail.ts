import type { Feature, Position } from "geojson";
import type { StoredRow } from "../../flow/queries.ts";

/** A longer interval between two rows, in s, breaks the line. */
const MAX_GAP_S = 900;

/** An aircraft's positions as lines. Rows are in order of time. A row older than its predecessor is left out. */
export function trailOf(rows: readonly StoredRow[]): Feature {
  const lines: Position[][] = [];
  let line: Position[] = [];
  let last: { time: number; longitude: number } | undefined;
  for (const { longitude, latitude, time_position } of rows) {
    if (typeof longitude !== "number" || typeof latitude !== "number" || typeof time_position !== "number") continue;
    if (last !== undefined && time_position < last.time) continue;
    if (last === undefined || time_position - last.time > MAX_GAP_S) {
      line = [];
      lines.push(line);
    }
    // a line may pass 180 deg: otherwise crossing the antimeridian would draw a line around the world
    const turns = last === undefined || line.length === 0 ? 0 : Math.round((last.longitude - longitude) / 360);
    const unrolled = longitude + turns * 360;
    line.push([unrolled, latitude]);
    last = { time: time_position, longitude: unrolled };
  }
  return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } };
}
