import { expect, test } from "vitest";
import { goodRow } from "../harness/bodies.ts";
import { aircraft, number, openProduct, useBrowser, WITHOUT_MAP } from "../harness/browser.ts";

const browser = useBrowser(WITHOUT_MAP);

test("without WebGL, the page reports it, and table, panel and flows work", async () => {
  const { page, problems } = await openProduct(browser(), { rows: [goodRow(), goodRow({ icao24: "abc123" })] });
  await expect.poll(() => page.locator(".no-map").textContent()).toContain("WebGL 2");
  await expect.poll(() => aircraft(page)).toBe(2);
  await page.locator("[role=row][data-icao24=abc123]").click();
  await page.locator(".steps[data-flow=request]").waitFor();
  await expect.poll(() => number(page, "[data-flow=request] [data-name=stored]")).toBe(2);
  expect(problems.filter((problem) => !problem.includes("WebGL"))).toEqual([]);
});
