import type { Page } from "playwright-core";
import { feature } from "topojson-client";
import { expect, test } from "vitest";
import { altitudeColor, contrastOf, type Rgb } from "../../src/web/map/ramp.ts";
import { goodRow } from "../harness/bodies.ts";
import { colorsAt, drawn, openPage, openProduct, post, useBrowser, type Color } from "../harness/browser.ts";

const browser = useBrowser();
const now = (): number => Math.floor(Date.now() / 1000);
const at = (icao24: string, longitude: number, latitude: number, over = {}) => {
  const time = now();
  return goodRow({ icao24, longitude, latitude, last_contact: time, time_position: time, ...over });
};
const LAND: Rgb = [0xf3, 0xf1, 0xea];
const settle = () => new Promise((resolve) => setTimeout(resolve, 1_500));
const isNear = (color: Color | undefined, wanted: Rgb): boolean =>
  color !== undefined && wanted.every((value, i) => Math.abs(value - (color[i] ?? -99)) <= 12);

/** Waits until the map has, or does not have, a color at each position (longitude and latitude, deg). */
async function shows(
  page: Page,
  wanted: Record<string, readonly [position: readonly [number, number], color: Rgb, has: boolean]>,
): Promise<void> {
  const expectations = Object.values(wanted);
  const actual = async () => {
    const colors = await colorsAt(
      page,
      expectations.map(([position]) => position),
    );
    return Object.keys(wanted).map((what, i) => [what, isNear(colors[i], expectations[i]?.[1] ?? LAND)]);
  };
  await expect.poll(actual).toEqual(Object.entries(wanted).map(([what, [, , has]]) => [what, has]));
}

const saturation = ([r, g, b]: Color): number => (Math.max(r, g, b) - Math.min(r, g, b)) / 255;

/** Width of `px` at a zoom, in deg of longitude. */
const degrees = (px: number, zoom: number): number => (px / (512 * 2 ** zoom)) * 360;

test("draws an aircraft at its position, in the color of its altitude, turned by its track, and pale when stale", async () => {
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
  const low = altitudeColor(3_000, { land: LAND, isStale: false });
  const high = altitudeColor(11_000, { land: LAND, isStale: false });
  await shows(page, {
    "northbound aircraft": [[9, 0], low, true],
    "nose of the northbound aircraft": [[9, wing], low, true],
    "empty space in front of its wing": [[9 + wing, wing / 3], low, false],
    "eastbound aircraft": [[9.05, 0], low, true],
    "nose of the eastbound aircraft": [[9.05 + wing, 0], low, true],
    "its swept left wing": [[9.05 - wing * 0.2, wing * 0.84], low, true],
    "high aircraft": [[8.95, 0], high, true],
  });
  const [stale] = await colorsAt(page, [[9, -0.05]]);
  expect(saturation(stale ?? high)).toBeLessThan(saturation(high) / 2);
});

test("shows an emergency after two reports ten seconds apart, in red and above 500 other aircraft", async () => {
  const crowd = Array.from({ length: 500 }, (_, i) => at((0x100000 + i).toString(16), 9, 0, { baro_altitude: 9_000 }));
  const time = now();
  const report = (ago: number) =>
    at("abc123", 9, 0, { squawk: "7700", callsign: "MAYDAY1", last_contact: time - ago, time_position: time - ago });
  const { page, running } = await openProduct(browser(), { rows: [...crowd, report(11)], hash: "#map=10/0/9" });
  await drawn(page, 501);
  expect(await page.locator(".emergencies button").count()).toBe(0);
  await post(running.url, [report(0)]);
  await page.getByRole("button", { name: "Emergency 7700: MAYDAY1" }).click();
  await expect.poll(() => page.locator(".panel [role=alert]").textContent()).toContain("7700");
  await page.keyboard.press("Escape");
  await shows(page, { emergency: [[9, 0], [0xc5, 0x00, 0x0b], true] });
  await page.locator("input[type=search]").fill("MAYDAY");
  await expect.poll(() => page.locator(".row.emergency").getAttribute("data-icao24")).toBe("abc123");
});

test("draws no land on sea, at zoom 1 and across the antimeridian", async () => {
  const { page } = await openProduct(browser(), { hash: "#map=1/20/-100" });
  await page.locator(".map[data-ready=true]").waitFor();
  const isLand = async (position: readonly [number, number]) => isNear((await colorsAt(page, [position]))[0], LAND);
  await expect.poll(() => isLand([-100, 40])).toBe(true);
  await settle();
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

/** Largest difference in longitude between neighboring points of nested rings, deg. */
function widestStep(rings: unknown): number {
  if (!Array.isArray(rings)) return 0;
  if (!Array.isArray(rings[0]) || typeof rings[0][0] !== "number")
    return Math.max(0, ...rings.map((ring) => widestStep(ring)));
  const points = rings as [number, number][];
  return points.reduce((widest, [x], i) => Math.max(widest, i === 0 ? 0 : Math.abs(x - (points[i - 1]?.[0] ?? x))), 0);
}

test("shows aircraft on both sides of the antimeridian together", async () => {
  const rows = [at("000001", 179.9, 0), at("000002", -179.9, 0)];
  const { page } = await openProduct(browser(), { rows, hash: "#map=9/0/180&view=1" });
  await drawn(page, 2);
  const sea: Rgb = [0xcf, 0xdd, 0xe8];
  for (const longitude of [179.9, 180.1])
    await expect
      .poll(async () => contrastOf((await colorsAt(page, [[longitude, 0]]))[0] ?? sea, sea), {
        message: String(longitude),
      })
      .toBeGreaterThan(2);
  await expect.poll(() => page.locator("[role=row][data-icao24]").count()).toBe(2);
});

test("draws rejected rows as rings at their claimed position, and colors aircraft by freshness and by source", async () => {
  const rows = [at("000001", 9, 0, { baro_altitude: 3_000 }), { ...at("zz", 9.02, 0), icao24: "zz" }];
  const { page } = await openProduct(browser(), { rows, hash: "#map=11/0/9&rejected=1&color=freshness" });
  await drawn(page, 2);
  await shows(page, {
    fresh: [[9, 0], [0x11, 0x73, 0x4b], true],
    ring: [[9.02 + degrees(8, 11), 0], [0x9a, 0x4d, 0x00], true],
    "center of the ring": [[9.02, 0], [0x9a, 0x4d, 0x00], false],
  });
  await page.locator(".legend select").selectOption("source");
  await shows(page, { "color of the source": [[9, 0], [0x0b, 0x5c, 0xad], true] });
});

test("sends no request to other hosts and violates no CSP during load, pan, zoom, selection and playback", async () => {
  const time = now();
  const rows = [60, 0].map((ago) => at("3c6444", 8.57, 50.03, { last_contact: time - ago, time_position: time - ago }));
  const { page, running, problems } = await openProduct(browser(), { rows, hash: "#map=4/50/8" });
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
  // at a higher speed, one step would pass the whole stored history
  await page.getByLabel("Speed").selectOption("1");
  await page.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => page.locator(".flow.past").count()).toBe(2);
  expect(problems).toEqual([]);
});

test("shows heading and table before the map", async () => {
  const { running } = await openProduct(browser());
  const { page } = await openPage(browser(), "about:blank");
  let isBlocked = true;
  const blocked: (() => void)[] = [];
  // the map cannot start without its worker
  await page.route("**/maplibre-gl-worker.mjs", async (route) => {
    if (isBlocked) await new Promise<void>((resolve) => blocked.push(resolve));
    await route.continue();
  });
  await page.goto(running.url);
  await page.locator("h1").waitFor();
  await page.getByRole("table").waitFor();
  expect(await page.locator(".map").getAttribute("data-ready")).toBeNull();
  isBlocked = false;
  for (const unblock of blocked) unblock();
  await page.locator(".map[data-ready=true]").waitFor();
});

test("restores land and aircraft after a lost WebGL context", async () => {
  const { page, problems } = await openProduct(browser(), {
    rows: [at("000001", 9, 0, { baro_altitude: 3_000 })],
    hash: "#map=11/0/9",
  });
  await drawn(page, 1);
  const low = altitudeColor(3_000, { land: LAND, isStale: false });
  await shows(page, { aircraft: [[9, 0], low, true] });
  await page.evaluate(`(async () => {
    const canvas = document.querySelector("canvas.maplibregl-canvas");
    globalThis.lost = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
    const isLost = new Promise((resolve) => canvas.addEventListener("webglcontextlost", resolve, { once: true }));
    lost.loseContext();
    await isLost;
  })()`);
  await settle();
  await page.evaluate("lost.restoreContext()");
  await shows(page, { "restored aircraft": [[9, 0], low, true] });
  expect(problems.filter((problem) => !/context/i.test(problem))).toEqual([]);
});
