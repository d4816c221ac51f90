const BASE_MS = 200;
const MAX_MS = 20_000;

/** Waits `ms`. Code that must not wait in tests accepts another one. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/**
 * ms to wait before the next attempt, with full jitter: random, below a bound that doubles with each failure.
 * `failures` counts the earlier ones, from 0.
 */
export const backoff = (failures: number): number => Math.random() * Math.min(MAX_MS, BASE_MS * 2 ** failures);

/**
 * Resolves after `ms`, or at once when the signal aborts. It never rejects: the caller checks the signal.
 * The timer keeps the process alive.
 */
export const pause: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
