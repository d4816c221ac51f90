import type { Feature, Position } from "geojson";
import type { StoredRow } from "../../flow/queries.ts";

/** Rows farther apart than this, in s, are not joined by a line. */
const MOST_GAP_S = 900;

/** Where an aircraft was, as lines; the antimeridian is crossed, not run along. Rows come in order of time. */
export function trailOf(rows: readonly StoredRow[]): Feature {
  const lines: Position[][] = [];
  let line: Position[] = [];
  let last: { time: number; longitude: number } | undefined;
  for (const { longitude, latitude, time_position } of rows) {
    if (typeof longitude !== "number" || typeof latitude !== "number" || typeof time_position !== "number") continue;
    if (last !== undefined && time_position < last.time) continue;
    if (last === undefined || time_position - last.time > MOST_GAP_S) {
      line = [];
      lines.push(line);
    }
    // beyond 180 the line goes on, so that no segment is wider than half the world
    const turns = last === undefined || line.length === 0 ? 0 : Math.round((last.longitude - longitude) / 360);
    const unrolled = longitude + turns * 360;
    line.push([unrolled, latitude]);
    last = { time: time_position, longitude: unrolled };
  }
  return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } };
}
