import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { goodRow } from "../harness/bodies.ts";
import {
  aircraft,
  emptyFeed,
  number,
  openPage,
  openProduct,
  post,
  useBrowser,
  WITHOUT_MAP,
} from "../harness/browser.ts";
import { startProduct, temporaryFolder } from "../harness/product.ts";

const browser = useBrowser(WITHOUT_MAP);

test("shows aircraft and both balanced equations, and loads nothing from other hosts", async () => {
  const { page, running, problems } = await openProduct(browser(), { args: [] });
  await expect.poll(() => page.locator("h1").textContent()).toBe("Flightline");
  await expect.poll(() => aircraft(page)).toBeGreaterThan(300);
  for (const flow of ["request", "stream"]) {
    const card = page.locator(`[data-flow=${flow}]`);
    await expect.poll(() => number(page, `[data-flow=${flow}] [data-name=received]`)).toBeGreaterThan(0);
    const counts = await card.evaluate((article) =>
      Object.fromEntries(
        [...article.querySelectorAll("[data-name]")].map((element) => [
          element.getAttribute("data-name"),
          Number(element.getAttribute("data-value")),
        ]),
      ),
    );
    const count = (name: string): number => counts[name] ?? Number.NaN;
    expect(count("received")).toBe(count("accepted") + count("duplicate") + count("rejected") + count("pending"));
    expect(count("stored")).toBe(count("accepted") - count("expired"));
    await expect.poll(() => card.getAttribute("data-balanced")).toBe("true");
  }
  await page.getByRole("tab", { name: "sources" }).click();
  await expect.poll(() => page.locator("[data-source=simulated]").count()).toBeGreaterThan(0);
  await expect.poll(() => page.locator("header").textContent()).toContain("simulated");
  expect(problems.filter((problem) => !problem.includes("WebGL"))).toEqual([]);
  expect(running.stderr()).toBe("");
});

test("requests a failed snapshot again, and then shows all aircraft", async () => {
  const { running } = await openProduct(browser(), { rows: [goodRow(), goodRow({ icao24: "abc123" })] });
  const { page } = await openPage(browser(), "about:blank");
  let requests = 0;
  await page.route("**/live/aircraft", (route) =>
    ++requests <= 2 ? route.fulfill({ status: 500 }) : route.continue(),
  );
  await page.goto(running.url);
  await expect.poll(() => aircraft(page)).toBe(2);
  expect(requests).toBeGreaterThan(2);
  await expect.poll(() => page.getByRole("status").textContent()).toBe("live");
});

test("shows recorded flights at the time of the recording, and labels them as recorded", async () => {
  const file = `${await temporaryFolder()}/recorded.ndjson`;
  const rows = [goodRow({ last_contact: 1_600_000_000 }), goodRow({ icao24: "abc123", last_contact: 1_599_999_990 })];
  await writeFile(file, rows.map((row) => `${JSON.stringify({ ...row, time_position: null })}\n`).join(""));
  const { page } = await openProduct(browser(), { args: ["--from", file, "--speed", "max"] });
  await expect.poll(() => aircraft(page)).toBe(2);
  await expect.poll(() => page.locator("header .simulated").allTextContents()).toEqual(["recorded flights"]);
  // ages count from the newest contact of the recording, so no aircraft is stale
  const ages = page.locator("[role=row][data-icao24] .last_contact");
  await expect.poll(async () => (await ages.allTextContents()).sort()).toEqual(["0", "10"]);
});

test("reports a lost server, reconnects when it is back, and shows the rows of the new snapshot", async () => {
  const { page, installation, running } = await openProduct(browser(), { rows: [goodRow()] });
  await expect.poll(() => aircraft(page)).toBe(1);
  const port = new URL(running.url).port;
  await running.end("SIGKILL");
  const status = page.getByRole("status");
  await expect.poll(() => status.textContent()).toMatch(/^disconnected, last data \d\d:\d\d:\d\d$/);
  const again = await startProduct(
    ["--data", installation.data, "--port", port, ...(await emptyFeed())],
    installation.env,
  );
  await post(again.url, [goodRow({ icao24: "abc123", callsign: "AFTER" })]);
  await expect.poll(() => status.textContent()).toBe("live");
  await expect.poll(() => aircraft(page)).toBe(2);
  const snapshot = (await (await fetch(`${again.url}/live/aircraft`)).json()) as { rows: [number, string[]][] };
  const shown = () =>
    page
      .locator("[role=row][data-icao24]")
      .evaluateAll((rows) =>
        rows.map((row) => [row.getAttribute("data-icao24"), row.querySelector(".callsign")?.textContent]).sort(),
      );
  await expect.poll(shown).toEqual(snapshot.rows.map(([, row]) => [row[0], row[1]]).sort());
});

test("the built files stay small", async () => {
  const kb = (name: string): number => readFileSync(`dist/web/${name}.gz`).length / 1000;
  expect(kb("page.js")).toBeLessThan(350);
  expect(kb("maplibre-gl-worker.mjs")).toBeLessThan(160);
  expect(kb("countries.json") + kb("names.json")).toBeLessThan(450);
});
