import { expect, test } from "vitest";
import { claimOf } from "./rejected-positions.ts";

const sample = (row: string | undefined) => ({
  ...{
    flow: "request",
    key: "k",
    index: 0,
    reason: "bad_icao24",
    field: null,
    received_at: 0,
    source: "opensky",
    place: 1,
  },
  ...(row === undefined ? { bytes: "AA==" } : { row }),
});
const claim = (row: string | undefined) => {
  const { icao24, longitude, latitude } = claimOf(sample(row));
  return [icao24, longitude, latitude];
};

test("an object, OpenSky's array and numbers as text claim an address and a place", () => {
  expect(claim('{"icao24":" ABC ","longitude":8.5,"latitude":"50"}')).toEqual(["abc", 8.5, 50]);
  expect(claim('["zz","A1",null,null,null,8.5,50]')).toEqual(["zz", 8.5, 50]);
});

test("what is no row, or lies nowhere on Earth, claims no place", () => {
  for (const row of [undefined, "{", "null", "7", '{"longitude":181,"latitude":0}', '{"longitude":8,"latitude":""}'])
    expect(claim(row)).toEqual([null, null, null]);
});
