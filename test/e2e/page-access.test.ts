import axe from "axe-core";
import { expect, test } from "vitest";
import { drawn, openProduct, useBrowser } from "../browser.ts";
import { goodRow } from "../bodies.ts";

const browser = useBrowser();
const rows = Array.from({ length: 40 }, (_, i) => goodRow({ icao24: (0xb00000 + i).toString(16), callsign: `K${i}` }));

test.each([
  ["light", { colorScheme: "light" as const }],
  ["dark", { colorScheme: "dark" as const }],
  ["a phone", { viewport: { width: 360, height: 740 } }],
])("has nothing serious for axe in %s, with everything open", async (_, options) => {
  const { page } = await openProduct(browser(), { ...options, rows: [...rows, goodRow({ icao24: "zz" })] });
  await drawn(page, 40);
  await page.locator("[role=row][data-icao24]").first().click();
  await page.locator(".steps").waitFor();
  await page.evaluate(axe.source);
  const serious = async () =>
    page.evaluate<string[]>(
      `axe.run().then(({ violations }) => violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => id + ": " + nodes[0].html))`,
    );
  expect(await serious()).toEqual([]);
  await page.keyboard.press("Escape");
  for (const tab of ["batches", "rejections", "sources"]) {
    await page.getByRole("tab", { name: tab }).click();
    expect(await serious(), tab).toEqual([]);
  }
});

test("everything is reached and done by keyboard, and what has the focus shows it", async () => {
  const { page } = await openProduct(browser(), { rows, hash: "#map=2/50/8" });
  await drawn(page, 40);
  await page.locator("body").focus();
  const reached = new Set<string>();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const { name, outline } = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const said =
        element.getAttribute("aria-label") ?? element.closest("label")?.textContent ?? element.textContent ?? "";
      return { name: `${element.tagName} ${said.trim()}`, outline: getComputedStyle(element).outlineStyle };
    });
    if (name.startsWith("BODY")) continue;
    expect(outline, name).not.toBe("none");
    reached.add(name);
  }
  const all = [...reached].join("\n");
  for (const wanted of [
    "CANVAS Map",
    "Search",
    "Rows",
    "accepted",
    "in view only",
    "Live",
    "Time shown",
    "Theme",
    "rejections",
  ])
    expect(all).toContain(wanted);
  await page.keyboard.press("/");
  await page.keyboard.type("K3");
  expect(await page.getByRole("searchbox").inputValue()).toBe("K3");
  await page.getByRole("rowgroup", { name: "Rows" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  expect(await page.locator(".panel h2").textContent()).toContain("K30");
  await page.keyboard.press("Escape");
  expect(await page.locator(".panel").count()).toBe(0);
  await page.keyboard.press("?");
  expect(await page.getByRole("dialog").isVisible()).toBe(true);
  await page.keyboard.press("Escape");
  expect(await page.getByRole("dialog").count()).toBe(0);
});

test("who wants no motion gets none: the map jumps to what is selected", async () => {
  const { page } = await openProduct(browser(), {
    rows: [goodRow({ icao24: "000001", longitude: 120, latitude: -20 })],
    hash: "#map=5/50/8",
    reducedMotion: "reduce",
  });
  await drawn(page, 1);
  const frames = page.evaluate(`new Promise((resolve) => {
    const seen = new Set();
    const look = () => seen.add(location.hash.match(/map=[^&]*/)[0]);
    const timer = setInterval(look, 5);
    setTimeout(() => { clearInterval(timer); resolve(seen.size); }, 1500);
  })`);
  await page.locator("[role=row][data-icao24]").click();
  expect(await frames).toBe(2);
  expect(await page.evaluate(() => location.hash)).toContain("/-20.0000/");
});

test("the theme can be chosen, and the map follows it", async () => {
  const { page } = await openProduct(browser(), { rows, hash: "#theme=dark", colorScheme: "light" });
  await drawn(page, 40);
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await paper()).toBe("rgb(16, 20, 26)");
  await page.getByLabel("Theme").selectOption("light");
  expect(await paper()).toBe("rgb(246, 247, 249)");
});

test("on a phone the page is one column without sideways scrolling", async () => {
  const { page } = await openProduct(browser(), { rows, viewport: { width: 390, height: 844 } });
  await drawn(page, 40);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
