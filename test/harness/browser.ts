import { writeFile } from "node:fs/promises";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import {
  flowsOf,
  newInstallation,
  startProduct,
  temporaryFolder,
  type TestInstallation,
  type Running,
} from "./product.ts";

/** WebGL 2 in software, so that the machine needs no GPU. */
const SOFTWARE_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/** No WebGL. Most tests need no map, and drawing one in software uses a whole core. */
export const WITHOUT_MAP = ["--disable-3d-apis"];

const TIMEOUT_MS = 100_000;

/** Launches one Chromium for all tests of a file. */
export function useBrowser(args: readonly string[] = SOFTWARE_GL): () => Browser {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", ...args],
      timeout: TIMEOUT_MS,
    });
  });
  afterAll(() => browser.close());
  return () => browser;
}

export interface OpenedProduct {
  page: Page;
  installation: TestInstallation;
  running: Running;
  /** Errors, CSP violations and requests to other hosts. */
  problems: string[];
}

export interface OpenOptions extends BrowserContextOptions {
  /** Arguments of `start`. Default: an empty feed. */
  args?: readonly string[];
  /** Fragment of the page's URL. */
  hash?: string;
  /** Stored before the page opens. */
  rows?: readonly unknown[];
}

/** Starts the built product and opens its page in a new browser context. */
export async function openProduct(
  browser: Browser,
  { args, hash, rows, ...options }: OpenOptions = {},
): Promise<OpenedProduct> {
  const installation = await newInstallation();
  const running = await startProduct(["--data", installation.data, ...(args ?? (await emptyFeed()))], installation.env);
  if (rows !== undefined) {
    await post(running.url, rows);
    await expect.poll(async () => (await flowsOf(running.url)).request.pending).toBe(0);
  }
  return { installation, running, ...(await openPage(browser, `${running.url}/${hash ?? ""}`, options)) };
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
  page.setDefaultTimeout(TIMEOUT_MS);
  onTestFinished(() => page.close());
  const problems: string[] = [];
  const { origin } = new URL(url);
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) problems.push(request.url());
  });
  await page.addInitScript(
    `document.addEventListener("securitypolicyviolation", (event) => console.error("CSP " + event.violatedDirective))`,
  );
  await page.goto(url);
  return { page, problems };
}

/** Arguments of `start` for a feed without rows. The page then shows only the rows that the test sends. */
export async function emptyFeed(): Promise<string[]> {
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

/** Waits until the map draws this number of icons. */
export const drawn = (page: Page, count: number): Promise<void> =>
  expect.poll(async () => Number(await page.locator(".map").getAttribute("data-drawn"))).toBe(count);

export type Color = readonly [red: number, green: number, blue: number];

/** The map's colors at positions (longitude and latitude in deg), read from its canvas. The map must not move. */
export async function colorsAt(page: Page, positions: readonly (readonly [number, number])[]): Promise<Color[]> {
  const hash = new URLSearchParams(new URL(page.url()).hash.slice(1));
  const [zoom = 0, latitude = 0, longitude = 0] = (hash.get("map") ?? "").split("/").map(Number);
  const mercator = (lat: number): number =>
    0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
  const scale = 512 * 2 ** zoom;
  const offsets = positions.map(([lng, lat]) => [
    ((lng - longitude) / 360) * scale,
    (mercator(lat) - mercator(latitude)) * scale,
  ]);
  return page.evaluate<Color[]>(`(() => {
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
