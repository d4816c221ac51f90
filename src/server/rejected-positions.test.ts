import { expect, test } from "vitest";
import { rejectedPosition } from "./rejected-positions.ts";

const sample = (row: string | undefined) => ({
  ...{
    flow: "request",
    key: "k",
    index: 0,
    reason: "bad_icao24",
    field: null,
    received_at: 0,
    source: "opensky",
    line: 1,
  },
  ...(row === undefined ? { bytes: "AA==" } : { row }),
});
const positionOf = (row: string | undefined) => {
  const { icao24, longitude, latitude } = rejectedPosition(sample(row));
  return [icao24, longitude, latitude];
};

test("reads address and position from an object, from OpenSky's array, and from numbers as text", () => {
  expect(positionOf('{"icao24":" ABC ","longitude":8.5,"latitude":"50"}')).toEqual(["abc", 8.5, 50]);
  expect(positionOf('["zz","A1",null,null,null,8.5,50]')).toEqual(["zz", 8.5, 50]);
});

test("a value that is not a row, or a position that is not on Earth, gives no position", () => {
  for (const row of [undefined, "{", "null", "7", '{"longitude":181,"latitude":0}', '{"longitude":8,"latitude":""}'])
    expect(positionOf(row)).toEqual([null, null, null]);
});
