import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { aircraft, number, openPage, openProduct, post, quiet, useBrowser, WITHOUT_MAP } from "../harness/browser.ts";
import { goodRow } from "../harness/bodies.ts";
import { startProduct, temporaryFolder } from "../harness/product.ts";

const browser = useBrowser(WITHOUT_MAP);

test("shows aircraft and both equations as the API counts them, with nothing from elsewhere", async () => {
  const { page, running, troubles } = await openProduct(browser(), { args: [] });
  await expect.poll(() => page.locator("h1").textContent()).toBe("Flightline");
  await expect.poll(() => aircraft(page)).toBeGreaterThan(300);
  for (const flow of ["request", "stream"]) {
    const card = page.locator(`[data-flow=${flow}]`);
    await expect.poll(() => number(page, `[data-flow=${flow}] [data-name=received]`)).toBeGreaterThan(0);
    const said = await card.evaluate((element) =>
      Object.fromEntries(
        [...element.querySelectorAll("[data-name]")].map((one) => [
          one.getAttribute("data-name"),
          Number(one.getAttribute("data-value")),
        ]),
      ),
    );
    const of = (name: string): number => said[name] ?? Number.NaN;
    expect(of("received")).toBe(of("accepted") + of("duplicate") + of("rejected") + of("pending"));
    expect(of("stored")).toBe(of("accepted") - of("expired"));
    await expect.poll(() => card.getAttribute("data-balanced")).toBe("true");
  }
  await page.getByRole("tab", { name: "sources" }).click();
  await expect.poll(() => page.locator("[data-source=simulated]").count()).toBeGreaterThan(0);
  await expect.poll(() => page.locator("header").textContent()).toContain("simulated");
  expect(troubles.filter((trouble) => !trouble.includes("WebGL"))).toEqual([]);
  expect(running.stderr()).toBe("");
});

test("a snapshot that fails is asked for again, and the page is whole after", async () => {
  const { running } = await openProduct(browser(), { rows: [goodRow(), goodRow({ icao24: "abc123" })] });
  const { page } = await openPage(browser(), "about:blank");
  let asked = 0;
  await page.route("**/live/aircraft", (route) => (++asked <= 2 ? route.fulfill({ status: 500 }) : route.continue()));
  await page.goto(running.url);
  await expect.poll(() => aircraft(page)).toBe(2);
  expect(asked).toBeGreaterThan(2);
  await expect.poll(() => page.getByRole("status").textContent()).toBe("live");
});

test("recorded flights are seen at the time they were recorded, and said to be recorded", async () => {
  const file = `${await temporaryFolder()}/recorded.ndjson`;
  const rows = [goodRow({ last_contact: 1_600_000_000 }), goodRow({ icao24: "abc123", last_contact: 1_599_999_990 })];
  await writeFile(file, rows.map((row) => `${JSON.stringify({ ...row, time_position: null })}\n`).join(""));
  const { page } = await openProduct(browser(), { args: ["--from", file, "--speed", "max"] });
  await expect.poll(() => aircraft(page)).toBe(2);
  await expect.poll(() => page.locator("header .simulated").allTextContents()).toEqual(["recorded flights"]);
  // nobody is gone for having been heard years ago: the newest was heard just now
  const ages = page.locator("[role=row][data-icao24] .last_contact");
  await expect.poll(async () => (await ages.allTextContents()).sort()).toEqual(["0", "10"]);
});

test("says when the server is gone, goes on by itself when it is back, and shows what the snapshot holds", async () => {
  const { page, place, running } = await openProduct(browser(), { rows: [goodRow()] });
  await expect.poll(() => aircraft(page)).toBe(1);
  const port = new URL(running.url).port;
  await running.end("SIGKILL");
  const status = page.getByRole("status");
  await expect.poll(() => status.textContent()).toMatch(/^disconnected, last data \d\d:\d\d:\d\d$/);
  const again = await startProduct(["--data", place.data, "--port", port, ...(await quiet())], place.env);
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

test("its own files stay small", async () => {
  const kb = (name: string): number => readFileSync(`dist/web/${name}.gz`).length / 1000;
  expect(kb("page.js")).toBeLessThan(350);
  expect(kb("maplibre-gl-worker.mjs")).toBeLessThan(160);
  expect(kb("countries.json") + kb("names.json")).toBeLessThan(450);
});
