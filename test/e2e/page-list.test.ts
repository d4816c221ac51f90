import { expect, test } from "vitest";
import { aircraft, openProduct, useBrowser, WITHOUT_MAP } from "../browser.ts";
import { crowd, crowdAddress } from "../bodies.ts";
import { until } from "../product.ts";

const browser = useBrowser(WITHOUT_MAP);

test.each([
  ["wide", { viewport: { width: 1280, height: 800 } }],
  ["a phone", { viewport: { width: 390, height: 844 } }],
])(
  "10,000 rows are at most 60 elements, and a search shows what it finds from wherever one was: %s",
  async (_, options) => {
    const { page } = await openProduct(browser(), { rows: crowd(10_000), ...options });
    await until(
      () => aircraft(page),
      (count) => count === 10_000,
    );
    const list = page.getByRole("rowgroup", { name: "Rows" });
    expect(await list.evaluate((element) => element.scrollHeight > 20 * element.clientHeight)).toBe(true);
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await until(
      () => page.locator("[role=row]").last().getAttribute("aria-rowindex"),
      (index) => index === "10001",
    );
    expect(await page.locator("[role=row]").count()).toBeLessThanOrEqual(60);
    await page.getByRole("searchbox").fill("c1234");
    await until(
      () => page.locator("[role=row][data-icao24]").count(),
      (count) => count === 1,
    );
  },
);

test("sorts by what is pressed, finds by address, and says when nothing matches", async () => {
  const { page } = await openProduct(browser(), { rows: crowd(30) });
  await until(
    () => aircraft(page),
    (count) => count === 30,
  );
  const first = () => page.locator("[role=row][data-icao24]").first().getAttribute("data-icao24");
  await page.getByRole("columnheader", { name: "m/s" }).getByRole("button").click();
  expect(await first()).toBe(crowdAddress(0));
  await page.getByRole("columnheader", { name: "m/s" }).getByRole("button").click();
  expect(await first()).toBe(crowdAddress(29));
  await page.getByRole("searchbox").fill(crowdAddress(7).toUpperCase());
  expect(await first()).toBe(crowdAddress(7));
  await page.getByRole("searchbox").fill("nobody");
  await until(
    () => page.locator(".table").textContent(),
    (text) => text?.includes("No aircraft matches") === true,
  );
});
