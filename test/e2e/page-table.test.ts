import { expect, test } from "vitest";
import { crowd, goodRow } from "../harness/bodies.ts";
import { drawn, number, openPage, openProduct, useBrowser } from "../harness/browser.ts";

const browser = useBrowser();
test("selecting a row selects its icon, and selecting an icon selects its row", async () => {
  const rows = [goodRow({ longitude: 9, latitude: 0 }), goodRow({ icao24: "abc123", longitude: 8.9, latitude: 0 })];
  const { page } = await openProduct(browser(), { rows, hash: "#map=10/0/9" });
  await drawn(page, 2);
  await page.locator("[role=row][data-icao24=abc123]").click();
  await expect.poll(() => page.locator(".panel").getAttribute("data-icao24")).toBe("abc123");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(".panel").count()).toBe(0);
  const box = await page.locator(".map").boundingBox();
  await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
  await page.locator(".panel").waitFor();
  await expect.poll(() => page.locator(".row.selected").getAttribute("data-icao24")).toBe("3c6444");
});

test.each(["#map=4/10/20&view=1", "#map=4/45/179&view=1"])(
  "lists the same aircraft in view as the API's box, also across the antimeridian: %s",
  async (hash) => {
    const { page, running } = await openProduct(browser(), { rows: crowd(2_000), hash });
    await drawn(page, 2_000);
    // read on each attempt, because the map's size changes while the page fills
    const inBox = async (): Promise<number> => {
      const box = await page.evaluate<Record<string, number>>(`(() => {
        const [zoom, latitude, longitude] = new URLSearchParams(location.hash.slice(1)).get("map").split("/").map(Number);
        const { clientWidth: w, clientHeight: h } = document.querySelector(".map");
        const scale = 512 * 2 ** zoom;
        const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) / (2 * Math.PI);
        const back = (v) => (Math.atan(Math.exp((0.5 - v) * 2 * Math.PI)) * 360) / Math.PI - 90;
        const wrap = (v) => ((v + 540) % 360) - 180;
        return { lamin: back(y + h / 2 / scale), lamax: back(y - h / 2 / scale),
          lomin: wrap(longitude - (w / 2 / scale) * 360), lomax: wrap(longitude + (w / 2 / scale) * 360) };
      })()`);
      const edges = Object.entries(box).map(([name, value]) => `${name}=${value.toFixed(9)}`);
      const answer = await fetch(`${running.url}/v1/aircraft?${edges.join("&")}&limit=20000`);
      return ((await answer.json()) as { aircraft: unknown[] }).aircraft.length;
    };
    await expect.poll(inBox).toBeGreaterThan(10);
    await expect.poll(async () => (await number(page, "[data-name=listed]")) - (await inBox())).toBe(0);
  },
);

test("the URL restores the same view in another browser", async () => {
  const rows = crowd(150).map((row, i) => (i >= 100 && i < 110 ? { ...row, velocity: 400 } : row));
  const { page, running } = await openProduct(browser(), { rows });
  await drawn(page, 150);
  await page.getByRole("columnheader", { name: "Track" }).getByRole("button").click();
  await page.getByRole("columnheader", { name: "Track" }).getByRole("button").click();
  await page.getByRole("searchbox").fill("c10");
  await page.getByLabel("In the air or on the ground").selectOption("air");
  await page.getByLabel("flagged").check();
  await page.locator(".legend select").selectOption("flags");
  await page.locator("[role=row][data-icao24]").first().click();
  await page.locator(".panel").waitFor();
  const { page: other } = await openPage(browser(), `${running.url}/${new URL(page.url()).hash}`);
  await drawn(other, 10);
  await expect.poll(() => other.locator(".panel").count()).toBe(1);
  const view = (tab: typeof page) =>
    tab.evaluate(() => ({
      rows: [...document.querySelectorAll("[role=row][data-icao24]")].map((row) => row.getAttribute("data-icao24")),
      selected: document.querySelector(".panel")?.getAttribute("data-icao24"),
      sorted: document.querySelector("[aria-sort=descending]")?.textContent,
      search: document.querySelector<HTMLInputElement>("input[type=search]")?.value,
      color: document.querySelector<HTMLSelectElement>(".legend select")?.value,
      hash: location.hash,
    }));
  await expect.poll(async () => (await view(page)).rows).toHaveLength(10);
  const wanted = await view(page);
  await expect.poll(() => view(other)).toEqual(wanted);
});
