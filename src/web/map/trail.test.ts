import { expect, test } from "vitest";
import { trailOf } from "./trail.ts";

const at = (time_position: number, longitude: number | null) => ({ time_position, longitude, latitude: 10 });
const linesOf = (rows: Parameters<typeof trailOf>[0]) => {
  const { geometry } = trailOf(rows);
  return geometry.type === "MultiLineString" ? geometry.coordinates.map((line) => line.map(([x]) => x)) : [];
};

test("crosses the antimeridian by the short way", () => {
  expect(linesOf([at(0, 179), at(10, -179), at(20, -178), at(30, 179.5)])).toEqual([[179, 181, 182, 179.5]]);
});

test("breaks the line at a long interval, and leaves out rows without a position or out of order", () => {
  expect(linesOf([at(0, 1), at(10, null), at(20, 2), at(15, 9), at(2_000, 3), at(2_010, 4)])).toEqual([
    [1, 2],
    [3, 4],
  ]);
});
