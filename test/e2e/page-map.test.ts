import type { Page } from "playwright-core";
import { feature } from "topojson-client";
import { expect, test } from "vitest";
import { altitudeColour, contrastOf, type Rgb } from "../../src/web/map/ramp.ts";
import { coloursAt, drawn, openPage, openProduct, post, useBrowser, type Colour } from "../harness/browser.ts";
import { goodRow } from "../harness/bodies.ts";

const browser = useBrowser();
const now = (): number => Math.floor(Date.now() / 1000);
const at = (icao24: string, longitude: number, latitude: number, over = {}) => {
  const time = now();
  return goodRow({ icao24, longitude, latitude, last_contact: time, time_position: time, ...over });
};
const LAND: Rgb = [0xf3, 0xf1, 0xea];
const rest = () => new Promise((resolve) => setTimeout(resolve, 1_500));
const near = (found: Colour | undefined, wanted: Rgb): boolean =>
  found !== undefined && wanted.every((value, i) => Math.abs(value - (found[i] ?? -99)) <= 12);

/** Waits until the map has, or has not, a colour at each of the places (longitude and latitude, deg). */
async function shows(
  page: Page,
  wanted: Record<string, readonly [place: readonly [number, number], colour: Rgb, has: boolean]>,
): Promise<void> {
  const places = Object.values(wanted);
  const found = async () => {
    const colours = await coloursAt(
      page,
      places.map(([place]) => place),
    );
    return Object.keys(wanted).map((what, i) => [what, near(colours[i], places[i]?.[1] ?? LAND)]);
  };
  await expect.poll(found).toEqual(Object.entries(wanted).map(([what, [, , has]]) => [what, has]));
}

const saturation = ([r, g, b]: Colour): number => (Math.max(r, g, b) - Math.min(r, g, b)) / 255;

/** deg of longitude that so many px are at a zoom. */
const degrees = (px: number, zoom: number): number => (px / (512 * 2 ** zoom)) * 360;

test("an aircraft stands at its place in its altitude's colour, turned by its track, and fades when nothing is heard", async () => {
  const zoom = 11;
  const wing = degrees(10, zoom);
  const rows = [
    at("000001", 9, 0, { true_track: 0, baro_altitude: 3_000 }),
    at("000002", 9.05, 0, { true_track: 90, baro_altitude: 3_000 }),
    at("000003", 8.95, 0, { baro_altitude: 11_000 }),
    at("000004", 9, -0.05, { baro_altitude: 11_000, last_contact: now() - 100, time_position: now() - 100 }),
  ];
  const { page } = await openProduct(browser(), { rows, hash: `#map=${zoom}/0/9` });
  await drawn(page, 4);
  const low = altitudeColour(3_000, { land: LAND, isStale: false });
  const high = altitudeColour(11_000, { land: LAND, isStale: false });
  await shows(page, {
    "one that flies north": [[9, 0], low, true],
    "ahead of it its nose": [[9, wing], low, true],
    "beside it, ahead of its wing, nothing": [[9 + wing, wing / 3], low, false],
    "one that flies east": [[9.05, 0], low, true],
    "ahead of it the nose": [[9.05 + wing, 0], low, true],
    "its left wing, swept back": [[9.05 - wing * 0.2, wing * 0.84], low, true],
    "a high one": [[8.95, 0], high, true],
  });
  const [stale] = await coloursAt(page, [[9, -0.05]]);
  expect(saturation(stale ?? high)).toBeLessThan(saturation(high) / 2);
});

test("an emergency is told by two reports ten seconds apart, in red and above 500 others", async () => {
  const crowd = Array.from({ length: 500 }, (_, i) => at((0x100000 + i).toString(16), 9, 0, { baro_altitude: 9_000 }));
  const time = now();
  const say = (ago: number) =>
    at("abc123", 9, 0, { squawk: "7700", callsign: "MAYDAY1", last_contact: time - ago, time_position: time - ago });
  const { page, running } = await openProduct(browser(), { rows: [...crowd, say(11)], hash: "#map=10/0/9" });
  await drawn(page, 501);
  expect(await page.locator(".emergencies button").count()).toBe(0);
  await post(running.url, [say(0)]);
  await page.getByRole("button", { name: "Emergency 7700: MAYDAY1" }).click();
  await expect.poll(() => page.locator(".panel [role=alert]").textContent()).toContain("7700");
  await page.keyboard.press("Escape");
  await shows(page, { emergency: [[9, 0], [0xc5, 0x00, 0x0b], true] });
  await page.locator("input[type=search]").fill("MAYDAY");
  await expect.poll(() => page.locator(".row.emergency").getAttribute("data-icao24")).toBe("abc123");
});

test("there is no land where there is sea, at zoom 1 and across the antimeridian", async () => {
  const { page } = await openProduct(browser(), { hash: "#map=1/20/-100" });
  await page.locator(".map[data-ready=true]").waitFor();
  const isLand = async (place: readonly [number, number]) => near((await coloursAt(page, [place]))[0], LAND);
  await expect.poll(() => isLand([-100, 40])).toBe(true);
  await rest();
  for (const sea of [
    [-160, 0],
    [-30, 0],
    [-40, 35],
    [-150, 30],
    [-140, -30],
  ] as const)
    expect(await isLand(sea), String(sea)).toBe(false);
  const countries = (await (await page.request.get(new URL("/countries.json", page.url()).href)).json()) as never;
  const { features } = feature(
    countries,
    (countries as { objects: { countries: never } }).objects.countries,
  ) as unknown as {
    features: { geometry: { coordinates: unknown } }[];
  };
  const widest = Math.max(...features.map(({ geometry }) => widestStep(geometry.coordinates)));
  expect(widest).toBeLessThan(180);
  expect(features.length).toBeGreaterThan(200);
});

/** deg of longitude between neighbours, at most, in rings however deep. */
function widestStep(of: unknown): number {
  if (!Array.isArray(of)) return 0;
  if (!Array.isArray(of[0]) || typeof of[0][0] !== "number") return Math.max(0, ...of.map((part) => widestStep(part)));
  const points = of as [number, number][];
  return points.reduce((most, [x], i) => Math.max(most, i === 0 ? 0 : Math.abs(x - (points[i - 1]?.[0] ?? x))), 0);
}

test("aircraft on both sides of the antimeridian are seen together", async () => {
  const rows = [at("000001", 179.9, 0), at("000002", -179.9, 0)];
  const { page } = await openProduct(browser(), { rows, hash: "#map=9/0/180&view=1" });
  await drawn(page, 2);
  const sea: Rgb = [0xcf, 0xdd, 0xe8];
  for (const longitude of [179.9, 180.1])
    await expect
      .poll(async () => contrastOf((await coloursAt(page, [[longitude, 0]]))[0] ?? sea, sea), {
        message: String(longitude),
      })
      .toBeGreaterThan(2);
  await expect.poll(() => page.locator("[role=row][data-icao24]").count()).toBe(2);
});

test("rejected rows stand hollow where they claim to be, and freshness and source have colours of their own", async () => {
  const rows = [at("000001", 9, 0, { baro_altitude: 3_000 }), { ...at("zz", 9.02, 0), icao24: "zz" }];
  const { page } = await openProduct(browser(), { rows, hash: "#map=11/0/9&rejected=1&colour=freshness" });
  await drawn(page, 2);
  await shows(page, {
    fresh: [[9, 0], [0x11, 0x73, 0x4b], true],
    ring: [[9.02 + degrees(8, 11), 0], [0x9a, 0x4d, 0x00], true],
    "its middle": [[9.02, 0], [0x9a, 0x4d, 0x00], false],
  });
  await page.locator(".legend select").selectOption("source");
  await shows(page, { "its source": [[9, 0], [0x0b, 0x5c, 0xad], true] });
});

test("asks nobody else and breaks no policy through load, pan, zoom, selection and the past", async () => {
  const time = now();
  const rows = [60, 0].map((ago) => at("3c6444", 8.57, 50.03, { last_contact: time - ago, time_position: time - ago }));
  const { page, running, troubles } = await openProduct(browser(), { rows, hash: "#map=4/50/8" });
  const { headers } = await fetch(running.url);
  expect(headers.get("content-security-policy")).not.toMatch(/unsafe|blob:/);
  await drawn(page, 1);
  await page.mouse.move(300, 400);
  await page.mouse.down();
  await page.mouse.move(380, 420, { steps: 4 });
  await page.mouse.up();
  await page.mouse.wheel(0, -400);
  await page.locator("[data-icao24='3c6444'][role=row]").click();
  await expect.poll(() => page.locator(".chart canvas").count()).toBe(2);
  // the past is shorter than a step at any other speed
  await page.getByLabel("Speed").selectOption("1");
  await page.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => page.locator(".flow.past").count()).toBe(2);
  expect(troubles).toEqual([]);
});

test("heading and table are there before the map", async () => {
  const { running } = await openProduct(browser());
  const { page } = await openPage(browser(), "about:blank");
  let isHeld = true;
  const held: (() => void)[] = [];
  // the map cannot begin without its worker
  await page.route("**/maplibre-gl-worker.mjs", async (route) => {
    if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
    await route.continue();
  });
  await page.goto(running.url);
  await page.locator("h1").waitFor();
  await page.getByRole("table").waitFor();
  expect(await page.locator(".map").getAttribute("data-ready")).toBeNull();
  isHeld = false;
  for (const go of held) go();
  await page.locator(".map[data-ready=true]").waitFor();
});

test("a context that was lost comes back with land and aircraft", async () => {
  const { page, troubles } = await openProduct(browser(), {
    rows: [at("000001", 9, 0, { baro_altitude: 3_000 })],
    hash: "#map=11/0/9",
  });
  await drawn(page, 1);
  const low = altitudeColour(3_000, { land: LAND, isStale: false });
  await shows(page, { "an aircraft": [[9, 0], low, true] });
  await page.evaluate(`(async () => {
    const canvas = document.querySelector("canvas.maplibregl-canvas");
    globalThis.lost = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
    const isLost = new Promise((resolve) => canvas.addEventListener("webglcontextlost", resolve, { once: true }));
    lost.loseContext();
    await isLost;
  })()`);
  await rest();
  await page.evaluate("lost.restoreContext()");
  await shows(page, { "an aircraft again": [[9, 0], low, true] });
  expect(troubles.filter((trouble) => !/context/i.test(trouble))).toEqual([]);
});
