import { writeFile } from "node:fs/promises";
import axe from "axe-core";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { query } from "../../src/local/transaction.ts";
import { goodRow } from "../bodies.ts";
import { newPlace, startProduct, temporaryFolder, until, type Place, type Running } from "../product.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
});
afterAll(() => browser.close());

interface Opened {
  page: Page;
  place: Place;
  running: Running;
  /** What the page should never do. */
  troubles: string[];
}

async function open(args: readonly string[] = [], options: Parameters<Browser["newPage"]>[0] = {}): Promise<Opened> {
  const place = await newPlace();
  const running = await startProduct(["--data", place.data, ...args], place.env);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
  onTestFinished(() => page.close());
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && troubles.push(message.text())));
  page.on("request", (request) => {
    if (!request.url().startsWith(running.url) && !request.url().startsWith("data:")) troubles.push(request.url());
  });
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP ${event.violatedDirective}`)),
  );
  await page.goto(running.url);
  return { page, place, running, troubles };
}

const number = async (page: Page, selector: string): Promise<number> =>
  Number((await page.locator(selector).first().getAttribute("data-value", { timeout: 5_000 })) ?? Number.NaN);
const aircraft = (page: Page) => number(page, "[data-name=aircraft]");
const post = (url: string, rows: unknown[]) =>
  fetch(`${url}/v1/states`, {
    method: "POST",
    body: JSON.stringify(rows),
    headers: { "content-type": "application/json" },
  });
/** A feed that ends at once: the page then shows what the test sends alone. */
const quiet = async (): Promise<string[]> => {
  const file = `${await temporaryFolder()}/empty.ndjson`;
  await writeFile(file, "");
  return ["--from", file];
};

test("shows aircraft and both equations as the API counts them, with nothing from elsewhere", async () => {
  const { page, running, troubles } = await open();
  expect(await page.locator("h1").textContent()).toBe("Flightline");
  expect(
    await until(
      () => aircraft(page),
      (count) => count > 300,
    ),
  ).toBeGreaterThan(300);
  for (const flow of ["request", "stream"]) {
    const of = (name: string) => number(page, `[data-flow=${flow}] [data-name=${name}]`);
    const card = page.locator(`[data-flow=${flow}]`);
    await until(
      () => of("received"),
      (count) => count > 0,
    );
    const text = await card.evaluate((element) =>
      Object.fromEntries(
        [...element.querySelectorAll("[data-name]")].map((one) => [
          one.getAttribute("data-name"),
          Number(one.getAttribute("data-value")),
        ]),
      ),
    );
    expect(text["received"]).toBe(
      (text["accepted"] ?? 0) + (text["duplicate"] ?? 0) + (text["rejected"] ?? 0) + (text["pending"] ?? 0),
    );
    expect(text["stored"]).toBe((text["accepted"] ?? 0) - (text["expired"] ?? 0));
    expect(await card.getAttribute("data-balanced")).toBe("true");
  }
  await until(
    () => page.locator("[data-source=simulated]").count(),
    (count) => count > 0,
  );
  expect(await page.locator("header").textContent()).toContain("simulated");
  expect(await page.locator("[role=row]").count()).toBeLessThanOrEqual(60);
  expect(troubles).toEqual([]);
  expect(running.stderr()).toBe("");
});

test("finds an aircraft by callsign and by address, and shows an emergency as one", async () => {
  const { page, running } = await open(await quiet());
  const now = Math.floor(Date.now() / 1000);
  const at = { last_contact: now, time_position: now };
  await post(running.url, [goodRow(at), goodRow({ ...at, icao24: "abc123", callsign: "MAYDAY1", squawk: "7700" })]);
  await until(
    () => aircraft(page),
    (count) => count === 2,
  );
  const rows = page.locator("[role=row][data-icao24]");
  expect(await rows.count()).toBe(2);
  expect(await page.locator(".row.emergency").getAttribute("data-icao24")).toBe("abc123");
  for (const wanted of ["mayday", "ABC1"]) {
    await page.getByRole("searchbox").fill(wanted);
    await until(
      () => rows.count(),
      (count) => count === 1,
    );
    expect(await rows.getAttribute("data-icao24")).toBe("abc123");
  }
  await page.getByRole("searchbox").fill("nobody");
  await until(
    () => rows.count(),
    (count) => count === 0,
  );
  expect(await page.locator(".table").textContent()).toContain("No aircraft matches");
});

test("turns red with the missing number when a row is deleted behind its back", async () => {
  const { page, place, running } = await open(await quiet());
  await post(running.url, [goodRow(), goodRow({ icao24: "abc123" }), goodRow({ icao24: "zz" })]);
  await until(
    () => number(page, "[data-flow=request] [data-name=stored]"),
    (count) => count === 2,
  );
  const card = page.locator("[data-flow=request]");
  expect(await card.getAttribute("data-balanced")).toBe("true");
  expect(await number(page, "[data-reason=bad_icao24]")).toBe(1);
  await page.locator("summary").click();
  await until(
    () => page.locator(".rejections code").count(),
    (count) => count === 1,
  );
  expect(await page.locator(".rejections code").textContent()).toContain('"zz"');
  await query(place.database.pool, "delete from state_vectors where icao24 = 'abc123'");
  await until(
    () => card.getAttribute("data-balanced"),
    (balanced) => balanced === "false",
  );
  expect(await card.getByRole("alert").textContent()).toContain("-1 rows stored beyond the ledger");
});

test.each([
  ["wide", { viewport: { width: 1280, height: 800 } }],
  ["a phone", { viewport: { width: 390, height: 844 } }],
])("its list scrolls by itself, and a search shows what it finds from wherever one was: %s", async (_, options) => {
  const { page, running } = await open(await quiet(), options);
  const rows = Array.from({ length: 2_000 }, (_row, i) =>
    goodRow({ icao24: `a${i.toString(16).padStart(5, "0")}`, callsign: `C${i}` }),
  );
  await post(running.url, rows);
  await until(
    () => aircraft(page),
    (count) => count === 2_000,
  );
  const list = page.locator("[role=rowgroup]");
  const { seen, whole } = await list.evaluate((element) => ({
    seen: element.clientHeight,
    whole: element.scrollHeight,
  }));
  expect(seen).toBeLessThan(2_000);
  expect(whole).toBeGreaterThan(20 * seen);
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await until(
    () => page.locator("[role=row]").last().getAttribute("aria-rowindex"),
    (index) => index === "2001",
  );
  expect(await page.locator("[role=row]").count()).toBeLessThanOrEqual(60);
  await page.getByRole("searchbox").fill("C1234");
  await until(
    () => page.locator("[role=row][data-icao24]").count(),
    (count) => count === 1,
  );
});

test("a snapshot that fails is asked for again, and the page is whole after", async () => {
  const place = await newPlace();
  const running = await startProduct(["--data", place.data, ...(await quiet())], place.env);
  await post(running.url, [goodRow(), goodRow({ icao24: "abc123" })]);
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  let failures = 0;
  await page.route("**/live/aircraft", (route) =>
    ++failures <= 2 ? route.fulfill({ status: 500 }) : route.continue(),
  );
  await page.goto(running.url);
  await until(
    () => aircraft(page),
    (count) => count === 2,
  );
  expect(failures).toBeGreaterThan(2);
  expect(await page.getByRole("status").textContent()).toBe("live");
});

test("says when the server is gone", async () => {
  const { page, running } = await open();
  await until(
    () => aircraft(page),
    (count) => count > 0,
  );
  await running.end("SIGKILL");
  const status = page.getByRole("status");
  await until(
    () => status.textContent(),
    (text) => text?.startsWith("disconnected, last data") === true,
  );
});

test.each([
  ["light", { colorScheme: "light" as const }],
  ["dark", { colorScheme: "dark" as const }],
  ["a phone", { viewport: { width: 360, height: 740 } }],
])("has nothing serious for axe in %s, and its table's search is reached by keyboard", async (_, options) => {
  const { page } = await open([], options);
  await until(
    () => aircraft(page),
    (count) => count > 0,
  );
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: injected } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    };
    return (await injected.run()).violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
  expect(found).toEqual([]);
  await page.locator("body").focus();
  const reached: string[] = [];
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement?.tagName ?? ""));
  }
  expect(reached).toContain("INPUT");
});
