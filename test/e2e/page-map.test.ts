import { feature } from "topojson-client";
import { expect, test } from "vitest";
import { altitudeColour, contrastOf, type Rgb } from "../../src/web/ramp.ts";
import { coloursAt, drawn, openPage, openProduct, post, useBrowser, type Colour } from "../browser.ts";
import { goodRow } from "../bodies.ts";
import { until } from "../product.ts";

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
  await rest();
  const [north, east, high, stale, besideNorth, besideEast, aheadNorth, wingEast] = await coloursAt(page, [
    [9, 0],
    [9.05, 0],
    [8.95, 0],
    [9, -0.05],
    // ahead of the wing of one that flies north there is nothing; of one that flies east there is its nose
    [9 + wing, wing / 3],
    [9.05 + wing, 0],
    [9, wing],
    // and its left wing, swept back
    [9.05 - wing * 0.2, wing * 0.84],
  ]);
  const colour = (altitude: number) => altitudeColour(altitude, { land: LAND, isStale: false });
  expect(near(north, colour(3_000)), String(north)).toBe(true);
  expect(near(east, colour(3_000)), String(east)).toBe(true);
  expect(near(high, colour(11_000)), String(high)).toBe(true);
  expect(near(besideNorth, colour(3_000)), String(besideNorth)).toBe(false);
  expect(near(besideEast, colour(3_000)), String(besideEast)).toBe(true);
  expect(near(aheadNorth, colour(3_000)), String(aheadNorth)).toBe(true);
  expect(near(wingEast, colour(3_000)), String(wingEast)).toBe(true);
  expect(saturation(stale ?? [0, 0, 0])).toBeLessThan(saturation(high ?? [0, 0, 0]) / 2);
});

test("an emergency is told by two reports ten seconds apart, in red and above 500 others", async () => {
  const crowd = Array.from({ length: 500 }, (_, i) => at((0x100000 + i).toString(16), 9, 0, { baro_altitude: 9_000 }));
  const say = (ago: number) =>
    at("abc123", 9, 0, { squawk: "7700", callsign: "MAYDAY1", last_contact: now() - ago, time_position: now() - ago });
  const { page, running } = await openProduct(browser(), { rows: [...crowd, say(11)], hash: "#map=10/0/9" });
  await drawn(page, 501);
  expect(await page.locator(".emergencies button").count()).toBe(0);
  await post(running.url, [say(0)]);
  await page.getByRole("button", { name: "Emergency 7700: MAYDAY1" }).click();
  expect(await page.locator(".panel [role=alert]").textContent()).toContain("7700");
  await page.keyboard.press("Escape");
  await rest();
  expect(near((await coloursAt(page, [[9, 0]]))[0], [0xc5, 0x00, 0x0b])).toBe(true);
  await page.locator("input[type=search]").fill("MAYDAY");
  expect(await page.locator(".row.emergency").getAttribute("data-icao24")).toBe("abc123");
});

test("there is no land where there is sea, at zoom 1 and across the antimeridian", async () => {
  const { page } = await openProduct(browser(), { hash: "#map=1/20/-100" });
  await page.locator(".map[data-ready=true]").waitFor();
  const isLand = async (place: readonly [number, number]) => near((await coloursAt(page, [place]))[0], LAND);
  await until(
    () => isLand([-100, 40]),
    (found) => found,
  );
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
  await rest();
  const sea: Rgb = [0xcf, 0xdd, 0xe8];
  for (const colour of await coloursAt(page, [
    [179.9, 0],
    [180.1, 0],
  ]))
    expect(contrastOf(colour, sea)).toBeGreaterThan(2);
  expect(await page.locator("[role=row][data-icao24]").count()).toBe(2);
});

test("rejected rows stand hollow where they claim to be, and freshness and source have colours of their own", async () => {
  const rows = [at("000001", 9, 0, { baro_altitude: 3_000 }), { ...at("zz", 9.02, 0), icao24: "zz" }];
  const { page } = await openProduct(browser(), { rows, hash: "#map=11/0/9&rejected=1&colour=freshness" });
  await drawn(page, 2);
  await rest();
  const ring = degrees(8, 11);
  const [fresh, middle, edge] = await coloursAt(page, [
    [9, 0],
    [9.02, 0],
    [9.02 + ring, 0],
  ]);
  expect(near(fresh, [0x11, 0x73, 0x4b]), String(fresh)).toBe(true);
  expect(near(edge, [0x9a, 0x4d, 0x00]), String(edge)).toBe(true);
  expect(near(middle, [0x9a, 0x4d, 0x00])).toBe(false);
  await page.locator(".legend select").selectOption("source");
  await rest();
  expect(near((await coloursAt(page, [[9, 0]]))[0], [0x0b, 0x5c, 0xad])).toBe(true);
});

test("asks nobody else and breaks no policy through load, pan, zoom, selection and the past", async () => {
  const rows = [60, 0].map((ago) =>
    at("3c6444", 8.57, 50.03, { last_contact: now() - ago, time_position: now() - ago }),
  );
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
  await until(
    () => page.locator(".chart canvas").count(),
    (count) => count === 2,
  );
  await page.getByRole("button", { name: "Play" }).click();
  await until(
    () => page.locator(".flow.past").count(),
    (count) => count === 2,
  );
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
  const isThere = async () =>
    near((await coloursAt(page, [[9, 0]]))[0], altitudeColour(3_000, { land: LAND, isStale: false }));
  await until(isThere, (found) => found);
  await page.evaluate(`(() => {
    const gl = document.querySelector("canvas.maplibregl-canvas").getContext("webgl2");
    globalThis.lost = gl.getExtension("WEBGL_lose_context");
    lost.loseContext();
  })()`);
  await rest();
  await page.evaluate("lost.restoreContext()");
  await until(isThere, (found) => found);
  expect(troubles.filter((trouble) => !/context/i.test(trouble))).toEqual([]);
});
