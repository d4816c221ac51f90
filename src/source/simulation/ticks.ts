import type { Sleep } from "../pause.ts";

/** A poll: its number and its Unix time; the poll before came `step_s` earlier. */
export interface Tick {
  poll: number;
  time: number;
  step_s: number;
}

/** s: how far apart simulated polls are when nobody waits for them, and when those begin by default. */
const STEP_S = 10;
const START_S = 1_750_000_000;

interface Clock {
  /** s between polls; 0: as fast as they are pulled, 10 simulated seconds apart. */
  interval_s: number;
  /** Unix s at which the simulated time begins; default now, and June 2025 when the interval is 0. */
  start?: number;
  /** Unix s */
  now: () => number;
  sleep: Sleep;
}

/** Polls at multiples of the interval until the signal aborts; those that a slow taker missed are left out. */
export async function* ticks(clock: Clock, signal: AbortSignal): AsyncGenerator<Tick> {
  const waits = clock.interval_s > 0;
  const step_s = waits ? clock.interval_s : STEP_S;
  const begun = clock.now();
  const shift = (clock.start ?? (waits ? begun : START_S)) - begun;
  const clockPoll = () => Math.floor((clock.now() + shift) / step_s);
  let poll = Math.floor((begun + shift) / step_s);
  while (!signal.aborted) {
    yield { poll, time: poll * step_s, step_s };
    poll = waits ? Math.max(poll + 1, clockPoll()) : poll + 1;
    const left_s = waits ? poll * step_s - shift - clock.now() : 0;
    if (left_s > 0) await clock.sleep(left_s * 1_000, signal);
  }
}
