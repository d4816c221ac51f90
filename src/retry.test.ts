import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { backoff, pause } from "./retry.ts";

/** Long enough that only an abort can end the pause within a test. */
const HOUR_MS = 3_600_000;
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;

test.each([
  [0, 200],
  [1, 400],
  [6, 12_800],
  [7, 20_000],
  [5_000, 20_000],
])("backs off by a random time after %i failures, below %i ms", (failures, bound) => {
  const waits = Array.from({ length: 1_000 }, () => backoff(failures));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  expect(Math.min(...waits)).toBeLessThan(bound / 4);
  expect(Math.max(...waits)).toBeLessThan(bound);
  expect(Math.max(...waits)).toBeGreaterThan((bound * 3) / 4);
});

test("resolves after the time and leaves no listener on the signal", async () => {
  const { signal } = new AbortController();
  const start = performance.now();
  await pause(50, signal);
  // a timer may fire up to 1 ms early
  expect(performance.now() - start).toBeGreaterThan(48);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("resolves at once when the signal has aborted", async () => {
  const before = timers();
  const paused = pause(HOUR_MS, AbortSignal.abort());
  expect(timers()).toBe(before);
  await paused;
});

test("resolves when the signal aborts, and leaves no timer and no listener", async () => {
  const stop = new AbortController();
  const before = timers();
  const paused = pause(HOUR_MS, stop.signal);
  expect(timers()).toBe(before + 1);
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(1);
  stop.abort();
  expect(timers()).toBe(before);
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(0);
  await paused;
});
