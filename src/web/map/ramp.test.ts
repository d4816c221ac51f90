import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { altitudeColor, contrastOf, groundColor, hueOf, rgbOf, type Rgb } from "./ramp.ts";

const css = readFileSync(new URL("../page.css", import.meta.url), "utf8");

/** Both sides of `--name: light-dark(#rrggbb, #rrggbb)`. */
function both(name: string): [light: Rgb, dark: Rgb] {
  const match = new RegExp(`--${name}: light-dark\\(#([0-9a-f]{6}), #([0-9a-f]{6})\\)`).exec(css);
  return [match?.[1], match?.[2]].map((hex = "") =>
    [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)),
  ) as unknown as [Rgb, Rgb];
}

test.each(["light", "dark"] as const)("every color of the ramp has a contrast of 3 to 1 with the %s land", (theme) => {
  const land = both("land")[theme === "light" ? 0 : 1];
  for (let ft = -1_000; ft <= 60_000; ft += 100)
    expect(contrastOf(altitudeColor(ft * 0.3048, { land, isStale: false }), land), `${ft} ft`).toBeGreaterThan(3);
  expect(contrastOf(groundColor(land), land)).toBeGreaterThan(3);
  for (const name of ["map-emergency", "map-rejected", "fresh", "aging", "old", "source-1", "source-2", "source-3"])
    expect(contrastOf(both(name)[theme === "light" ? 0 : 1], land), name).toBeGreaterThan(3);
});

test.each([
  ["ink", "card"],
  ["quiet", "card"],
  ["ink", "paper"],
  ["quiet", "paper"],
  ["accent", "card"],
  ["alarm", "card"],
  ["alarm", "alarm-paper"],
  ["rejected", "card"],
  ["accepted", "card"],
  ["ink", "chosen"],
  ["map-text", "land"],
  ["map-text", "sea"],
])("%s has a contrast of 4.5 to 1 with %s", (ink, paper) => {
  for (const theme of [0, 1]) expect(contrastOf(both(ink)[theme]!, both(paper)[theme]!)).toBeGreaterThan(4.5);
});

test("hues follow tar1090, and colors follow CSS", () => {
  expect([0, 25_500, 40_000, 51_000, 99_000].map((ft) => Math.round(hueOf(ft * 0.3048)))).toEqual([
    20, 220, 300, 360, 360,
  ]);
  expect(rgbOf(0, 1, 0.5)).toEqual([255, 0, 0]);
  expect(rgbOf(120, 1, 0.25)).toEqual([0, 128, 0]);
  expect(contrastOf([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
});
