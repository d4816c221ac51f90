import { expect, test } from "vitest";
import { aircraft, number, openProduct, useBrowser, WITHOUT_MAP } from "../browser.ts";
import { goodRow } from "../bodies.ts";
import { until } from "../product.ts";

const browser = useBrowser(WITHOUT_MAP);

test("without WebGL it says so, and table, panel and flows work", async () => {
  const { page, troubles } = await openProduct(browser(), { rows: [goodRow(), goodRow({ icao24: "abc123" })] });
  await until(
    () => page.locator(".no-map").textContent(),
    (text) => text?.includes("WebGL 2") === true,
  );
  await until(
    () => aircraft(page),
    (count) => count === 2,
  );
  await page.locator("[role=row][data-icao24=abc123]").click();
  await page.locator(".steps[data-flow=request]").waitFor();
  await until(
    () => number(page, "[data-flow=request] [data-name=stored]"),
    (count) => count === 2,
  );
  expect(troubles.filter((trouble) => !trouble.includes("WebGL"))).toEqual([]);
});
