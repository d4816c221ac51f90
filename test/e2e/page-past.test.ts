import { expect, test } from "vitest";
import { goodRow } from "../harness/bodies.ts";
import { colorsAt, drawn, number, openProduct, post, useBrowser } from "../harness/browser.ts";

const browser = useBrowser();
const now = (): number => Math.floor(Date.now() / 1000);
const at = (icao24: string, ago: number, longitude: number, over = {}) => {
  const time = now() - ago;
  return goodRow({ icao24, longitude, latitude: 0, last_contact: time, time_position: time, ...over });
};

test("the slider moves aircraft and counters together, and back to live", async () => {
  const start = now();
  const { page, running } = await openProduct(browser(), {
    rows: [at("000001", 100, 8.9), at("000001", 0, 9.1), at("000002", 0, 9)],
    hash: "#map=10/0/9",
  });
  await drawn(page, 2);
  const first = now();
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  await post(running.url, [at("000003", 0, 9.05)]);
  await drawn(page, 3);
  const slider = page.getByLabel("Time shown");
  const move = async (to: number) => {
    await slider.evaluate((element, value) => {
      const input = element as HTMLInputElement;
      input.value = String(value);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, to);
  };
  await move(start - 50);
  await drawn(page, 1);
  const received = () => number(page, ".flow.past[data-flow=request] [data-name=received]");
  await expect.poll(received).toBe(0);
  const isThen = async () => {
    const [later, then] = await colorsAt(page, [
      [9.1, 0],
      [8.9, 0],
    ]);
    return later?.join() !== then?.join();
  };
  await expect.poll(isThen).toBe(true);
  await move(first + 1);
  await drawn(page, 2);
  await expect.poll(received).toBe(3);
  await expect.poll(() => page.getByLabel("Time shown").getAttribute("aria-valuetext")).not.toBe("live");
  await page.getByRole("button", { name: "Live" }).click();
  await drawn(page, 3);
  await expect.poll(() => number(page, "[data-flow=request] [data-name=stored]")).toBe(4);
});

test("playback continues until the present", async () => {
  const { page } = await openProduct(browser(), {
    rows: [at("000001", 200, 8.9), at("000001", 0, 9.1)],
    hash: `#map=10/0/9&at=${now() - 150}`,
  });
  await drawn(page, 1);
  const start = await number(page, ".slider .time");
  // each time is shown for a second only, so an observer records all of them
  await page.evaluate(`(() => {
    const time = document.querySelector(".slider .time");
    globalThis.moments = [];
    new MutationObserver(() => moments.push(time.dataset.value)).observe(time, { attributes: true });
  })()`);
  await page.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => page.getByRole("button", { name: "Live" }).getAttribute("aria-pressed")).toBe("true");
  expect(await page.evaluate("moments.slice(0, 2).map(Number)")).toEqual([start + 60, start + 120]);
});

test("compares the reports of two sources: seconds, meters and the fields that differ", async () => {
  const time = now();
  const [first, second] = [
    at("000001", 10, 9, { last_contact: time - 10 }),
    at("000001", 7, 9.01, { last_contact: time - 7, callsign: "OTHER1" }),
  ];
  const { page, running } = await openProduct(browser(), { rows: [first], hash: "#icao24=000001" });
  await post(running.url, [second], "second");
  await page.locator(".views").waitFor();
  await expect.poll(() => page.locator(".views").textContent()).toContain("3 s apart, 1,112 m apart");
  await expect.poll(() => page.locator(".views tbody tr").allTextContents()).toEqual(["callsignDLH9LFOTHER1"]);
});

test("the trail follows the stored history, and captions repeat the charts as text", async () => {
  const rows = Array.from({ length: 60 }, (_, i) =>
    at("000001", 600 - i * 10, 8.8 + i * 0.005, { baro_altitude: 3_000 + i * 10 }),
  );
  const { page } = await openProduct(browser(), { rows, hash: "#map=9/0/8.95&icao24=000001" });
  await drawn(page, 1);
  await expect
    .poll(async () => (await page.locator("figcaption").allTextContents())[0])
    .toMatch(/^Altitude over 10 min: 3,000 to 3,590 m/);
  const isTrail = async () => {
    const [on, off] = await colorsAt(page, [
      [9, 0],
      [9, 0.03],
    ]);
    return on !== undefined && off !== undefined && on.join() !== off.join();
  };
  await expect.poll(isTrail).toBe(true);
});
