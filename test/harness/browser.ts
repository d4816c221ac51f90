import { writeFile } from "node:fs/promises";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { flowsOf, newPlace, startProduct, temporaryFolder, type Place, type Running } from "./product.ts";

/** WebGL 2 by software, whatever the machine has. */
const SOFTWARE_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/** No WebGL: most of the page works without a map, and drawing one by software takes a core. */
export const WITHOUT_MAP = ["--disable-3d-apis"];

const SLOWEST_MS = 100_000;

/** A real browser for the tests of a file. */
export function useBrowser(args: readonly string[] = SOFTWARE_GL): () => Browser {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", ...args],
      timeout: SLOWEST_MS,
    });
  });
  afterAll(() => browser.close());
  return () => browser;
}

export interface Opened {
  page: Page;
  place: Place;
  running: Running;
  /** What the page should never do. */
  troubles: string[];
}

export interface OpenOptions extends BrowserContextOptions {
  /** Of `start`; a quiet one when there are none. */
  args?: readonly string[];
  /** What follows the URL. */
  hash?: string;
  /** Sent, and stored, before the page is opened. */
  rows?: readonly unknown[];
}

/** The built product and the page in a context of its own. */
export async function openProduct(
  browser: Browser,
  { args, hash, rows, ...options }: OpenOptions = {},
): Promise<Opened> {
  const place = await newPlace();
  const running = await startProduct(["--data", place.data, ...(args ?? (await quiet()))], place.env);
  if (rows !== undefined) {
    await post(running.url, rows);
    await expect.poll(async () => (await flowsOf(running.url)).request.pending).toBe(0);
  }
  return { place, running, ...(await openPage(browser, `${running.url}/${hash ?? ""}`, options)) };
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
  page.setDefaultTimeout(SLOWEST_MS);
  onTestFinished(() => page.close());
  const troubles: string[] = [];
  const { origin } = new URL(url);
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && troubles.push(message.text())));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) troubles.push(request.url());
  });
  await page.addInitScript(
    `document.addEventListener("securitypolicyviolation", (event) => console.error("CSP " + event.violatedDirective))`,
  );
  await page.goto(url);
  return { page, troubles };
}

/** A feed that ends at once: the page then shows what the test sends alone. */
export async function quiet(): Promise<string[]> {
  const file = `${await temporaryFolder()}/empty.ndjson`;
  await writeFile(file, "");
  return ["--from", file];
}

export async function post(url: string, rows: readonly unknown[], source = "opensky"): Promise<string> {
  const response = await fetch(`${url}/v1/states?source=${source}`, {
    method: "POST",
    body: JSON.stringify(rows),
    headers: { "content-type": "application/json" },
  });
  return ((await response.json()) as { id: string }).id;
}

export const number = async (page: Page, selector: string): Promise<number> =>
  Number((await page.locator(selector).first().getAttribute("data-value", { timeout: 5_000 })) ?? Number.NaN);
export const aircraft = (page: Page): Promise<number> => number(page, "[data-name=aircraft]");

/** Waits until so many icons are drawn. */
export const drawn = (page: Page, count: number): Promise<void> =>
  expect.poll(async () => Number(await page.locator(".map").getAttribute("data-drawn"))).toBe(count);

export type Colour = readonly [red: number, green: number, blue: number];

/** The map's colours at places, deg: read from its canvas after it has come to rest. */
export async function coloursAt(page: Page, places: readonly (readonly [number, number])[]): Promise<Colour[]> {
  const hash = new URLSearchParams(new URL(page.url()).hash.slice(1));
  const [zoom = 0, latitude = 0, longitude = 0] = (hash.get("map") ?? "").split("/").map(Number);
  const mercator = (lat: number): number =>
    0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
  const scale = 512 * 2 ** zoom;
  const offsets = places.map(([lng, lat]) => [
    ((lng - longitude) / 360) * scale,
    (mercator(lat) - mercator(latitude)) * scale,
  ]);
  return page.evaluate<Colour[]>(`(() => {
    const map = document.querySelector("canvas.maplibregl-canvas");
    const copy = document.createElement("canvas");
    copy.width = map.width;
    copy.height = map.height;
    const context = copy.getContext("2d");
    context.drawImage(map, 0, 0);
    const ratio = map.width / map.clientWidth;
    return ${JSON.stringify(offsets)}.map(([x, y]) =>
      [...context.getImageData(Math.round(map.width / 2 + x * ratio), Math.round(map.height / 2 + y * ratio), 1, 1).data].slice(0, 3));
  })()`);
}
