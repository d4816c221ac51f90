import axe from "axe-core";
import { expect, test } from "vitest";
import { contrastOf, type Rgb } from "../../src/web/map/ramp.ts";
import { goodRow } from "../harness/bodies.ts";
import { colorsAt, drawn, openPage, openProduct, useBrowser } from "../harness/browser.ts";

const browser = useBrowser();
const rows = Array.from({ length: 40 }, (_, i) => goodRow({ icao24: (0xb00000 + i).toString(16), callsign: `K${i}` }));

test.each([
  ["light", { colorScheme: "light" as const }],
  ["dark", { colorScheme: "dark" as const }],
  ["phone size", { viewport: { width: 360, height: 740 } }],
])("has no serious axe violations, with the panel and each tab open: %s", async (_, options) => {
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

test("every control works by keyboard and shows its focus", async () => {
  const { page } = await openProduct(browser(), { rows, hash: "#map=2/50/8" });
  await drawn(page, 40);
  await page.locator("body").focus();
  const reached = new Set<string>();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const { name, outline } = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const label =
        element.getAttribute("aria-label") ?? element.closest("label")?.textContent ?? element.textContent ?? "";
      return { name: `${element.tagName} ${label.trim()}`, outline: getComputedStyle(element).outlineStyle };
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
  await expect.poll(() => page.getByRole("searchbox").inputValue()).toBe("K3");
  await page.getByRole("rowgroup", { name: "Rows" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => page.locator(".panel h2").textContent()).toContain("K30");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(".panel").count()).toBe(0);
  await page.keyboard.press("?");
  await expect.poll(() => page.getByRole("dialog").isVisible()).toBe(true);
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
});

test("the search key moves the focus once, and not again after the focus moved on", async () => {
  const { page } = await openProduct(browser(), { rows });
  await drawn(page, 40);
  const focused = await page.evaluate(`(async () => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true }));
    const first = document.activeElement.type;
    document.querySelector("[role=rowgroup][aria-label=Rows]").focus();
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    return [first, document.activeElement.ariaLabel];
  })()`);
  expect(focused).toEqual(["search", "Rows"]);
});

test.each([
  ["with reduced motion, the map jumps to the selected aircraft", "reduce" as const, true],
  ["without reduced motion, the map moves to the selected aircraft", "no-preference" as const, false],
])("%s", async (_, reducedMotion, isThereAtOnce) => {
  const far = goodRow({ icao24: "000001", longitude: 120, latitude: -20 });
  const { running } = await openProduct(browser(), { rows: [far] });
  const { page } = await openPage(browser(), "about:blank", { reducedMotion });
  await page.clock.install();
  await page.goto(`${running.url}/#map=5/50/8`);
  await drawn(page, 1);
  // the test controls the clock from here on
  await page.clock.pauseAt(Date.now() + 60_000);
  await page.locator("[role=row][data-icao24]").click();
  const isThere = () => page.evaluate(() => location.hash.includes("/-20.0000/"));
  await page.clock.runFor(150);
  await expect.poll(isThere).toBe(isThereAtOnce);
  await page.clock.runFor(2_000);
  await expect.poll(isThere).toBe(true);
});

test("the map follows the selected theme", async () => {
  const { page } = await openProduct(browser(), { rows, hash: "#theme=dark", colorScheme: "light" });
  await drawn(page, 40);
  await page.locator(".map[data-ready=true]").waitFor();
  const isSea = (sea: Rgb) =>
    expect.poll(async () => contrastOf((await colorsAt(page, [[-40, 0]]))[0] ?? [0, 0, 0], sea)).toBeLessThan(1.1);
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await expect.poll(paper).toBe("rgb(16, 20, 26)");
  await isSea([0x0d, 0x13, 0x1b]);
  await page.getByLabel("Theme").selectOption("light");
  await expect.poll(paper).toBe("rgb(246, 247, 249)");
  await isSea([0xcf, 0xdd, 0xe8]);
});

test("at phone size, the page is one column and does not scroll sideways", async () => {
  const { page } = await openProduct(browser(), { rows, viewport: { width: 390, height: 844 } });
  await drawn(page, 40);
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
