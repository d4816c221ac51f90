import fc from "fast-check";
import { expect, test } from "vitest";
import { applyChange, changeOf, toWire, valueOf, wireFields, type WireRow } from "./wire.ts";

const stored = fc.record({
  icao24: fc.constantFrom("00000a", "abc123"),
  callsign: fc.option(fc.constantFrom("A1", "B2")),
  longitude: fc.option(fc.double({ min: -180, max: 180, noNaN: true })),
  latitude: fc.option(fc.double({ min: -90, max: 90, noNaN: true })),
  velocity: fc.option(fc.double({ min: 0, max: 1_029, noNaN: true })),
  on_ground: fc.boolean(),
  last_contact: fc.integer({ min: 1_000_000_000, max: 100_000_000_000 }),
  flags: fc.constantFrom("", "emergency"),
});

test("a row and its change give the next row, with nulls in any field", () => {
  fc.assert(
    fc.property(fc.option(stored, { nil: undefined }), stored, (first, second) => {
      const before = first === undefined ? undefined : toWire(first);
      const after = toWire(second);
      const sent = JSON.parse(JSON.stringify(changeOf(7, before, after))) as ReturnType<typeof changeOf>;
      expect(sent === null ? before : applyChange(before, sent)).toEqual(after);
    }),
  );
});

test("decoded values are in their units, to 1 m of position and 0.1 m/s of speed", () => {
  const row: WireRow = toWire({ icao24: "abc123", longitude: -179.999996, velocity: 12.34, on_ground: true });
  expect(valueOf(row, "longitude")).toBe(-180);
  expect(valueOf(row, "velocity")).toBe(12.3);
  expect(valueOf(row, "on_ground")).toBe(1);
  expect(valueOf(row, "latitude")).toBeNull();
  expect(row).toHaveLength(wireFields.length);
});

test("unchanged fields are not sent", () => {
  const row = toWire({ icao24: "abc123", longitude: 1, last_contact: 5 });
  expect(changeOf(1, row, row)).toBeNull();
  const moved = toWire({ icao24: "abc123", longitude: 1.00001, last_contact: 6 });
  expect(changeOf(1, row, moved)).toEqual([1, (1 << 4) | (1 << 13), 1, 1]);
});
