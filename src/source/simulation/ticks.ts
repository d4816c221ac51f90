import type { Sleep } from "../../retry.ts";

/**
 * A tick is one poll time of a simulation: the number of the poll and its Unix time. The poll before is `step_s`
 * earlier.
 * Invariant: `time` = `poll` * `step_s`, so a restart gives the same ticks.
 */
export interface Tick {
  poll: number;
  time: number;
  step_s: number;
}

/** s between polls with an interval of 0, and the Unix s of their first tick by default. */
const STEP_S = 10;
const START_S = 1_750_000_000;

interface Clock {
  /** s between polls; 0: as fast as the consumer reads, 10 simulated seconds apart. */
  interval_s: number;
  /** Unix s at which the simulated time starts; default: now, or June 2025 for an interval of 0. */
  start?: number;
  /** Unix s */
  now: () => number;
  sleep: Sleep;
}

/** Ticks at multiples of the interval until the signal aborts. A slow consumer skips the ticks that it missed. */
export async function* ticks(clock: Clock, signal: AbortSignal): AsyncGenerator<Tick> {
  const isPaced = clock.interval_s > 0;
  const step_s = isPaced ? clock.interval_s : STEP_S;
  const started = clock.now();
  const shift = (clock.start ?? (isPaced ? started : START_S)) - started;
  const clockPoll = () => Math.floor((clock.now() + shift) / step_s);
  let poll = Math.floor((started + shift) / step_s);
  while (!signal.aborted) {
    yield { poll, time: poll * step_s, step_s };
    poll = isPaced ? Math.max(poll + 1, clockPoll()) : poll + 1;
    const left_s = isPaced ? poll * step_s - shift - clock.now() : 0;
    if (left_s > 0) await clock.sleep(left_s * 1_000, signal);
  }
}
