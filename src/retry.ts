const FIRST_MS = 200;
const MAX_MS = 20_000;

/** Full jitter: a random wait up to a bound that doubles with each failure. */
export const backoff = (failures: number): number => Math.random() * Math.min(MAX_MS, FIRST_MS * 2 ** failures);

/** Resolves after `ms`, or at once when the signal aborts. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
