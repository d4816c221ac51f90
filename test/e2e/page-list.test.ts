import { expect, test } from "vitest";
import { crowd, crowdAddress } from "../harness/bodies.ts";
import { aircraft, openProduct, useBrowser, WITHOUT_MAP } from "../harness/browser.ts";

const browser = useBrowser(WITHOUT_MAP);

test.each([
  ["desktop size", { viewport: { width: 1280, height: 800 } }],
  ["phone size", { viewport: { width: 390, height: 844 } }],
])(
  "draws 10,000 rows with at most 60 elements, and shows a search result from any scroll position: %s",
  async (_, options) => {
    const { page } = await openProduct(browser(), { rows: crowd(10_000), ...options });
    await expect.poll(() => aircraft(page)).toBe(10_000);
    const list = page.getByRole("rowgroup", { name: "Rows" });
    await expect.poll(() => list.evaluate((element) => element.scrollHeight > 20 * element.clientHeight)).toBe(true);
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await expect.poll(() => page.locator("[role=row]").last().getAttribute("aria-rowindex")).toBe("10001");
    expect(await page.locator("[role=row]").count()).toBeLessThanOrEqual(60);
    await page.getByRole("searchbox").fill("c1234");
    await expect.poll(() => page.locator("[role=row][data-icao24]").count()).toBe(1);
  },
);

test("sorts by the pressed column, searches by address, and reports when nothing matches", async () => {
  const { page } = await openProduct(browser(), { rows: crowd(30) });
  await expect.poll(() => aircraft(page)).toBe(30);
  const first = () => page.locator("[role=row][data-icao24]").first().getAttribute("data-icao24");
  await page.getByRole("columnheader", { name: "m/s" }).getByRole("button").click();
  await expect.poll(first).toBe(crowdAddress(0));
  await page.getByRole("columnheader", { name: "m/s" }).getByRole("button").click();
  await expect.poll(first).toBe(crowdAddress(29));
  await page.getByRole("searchbox").fill(crowdAddress(7).toUpperCase());
  await expect.poll(first).toBe(crowdAddress(7));
  await page.getByRole("searchbox").fill("nothing");
  await expect.poll(() => page.locator(".table").textContent()).toContain("No aircraft matches");
});
