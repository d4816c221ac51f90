import { chance } from "./random.ts";

/**
 * Coverage is how well an observer receives each aircraft: the age of the last message and of the last position, and
 * whether a poll repeats an earlier row.
 *
 * Recorded responses have these ages of the last message: 14-17 % of rows above 15 s, 10-12 % above 60 s, none above
 * 315 s. The simulation reproduces them with fades. An aircraft may leave coverage at the start of each window of
 * `WINDOW_S`. During this fade, the age of its last message grows by `FADE_AGING` s per second.
 */
const WINDOW_S = 840;
/** Share of windows with a fade. */
const FADE_SHARE = 0.65;
const MIN_FADE_S = 20;
const MAX_FADE_S = 420;
const FADE_AGING = 0.75;
/** Maximum age of the last message outside a fade. */
const FRESH_S = 2;
/** Share of rows with an older last message than in the poll before. */
const LATE_SHARE = 0.002;
const LATE_S = 20;
/** Share of rows that the next poll repeats unchanged; measured 5.2 %. */
const REPEATED_SHARE = 0.052;
const MAX_REPEATS = 3;

interface Coverage {
  /** The poll whose row is served at `poll`: `poll` itself, or an earlier one for a repeated row. */
  servedPoll(aircraft: number, poll: number): number;
  /** s between the last message and the poll at `time` (Unix s). */
  contactAge(aircraft: number, poll: number, time: number): number;
  /** s between the position and the last message; measured: half 0, 10 % above 3, 4 % above 12, 1 % above 123. */
  positionAge(aircraft: number, poll: number): number;
}

export function makeCoverage(seed: number): Coverage {
  const chanceOf = (name: string) => chance(seed, `coverage ${name}`);
  const [repeated, phase, fades, length] = [
    chanceOf("repeated"),
    chanceOf("phase"),
    chanceOf("fades"),
    chanceOf("length"),
  ];
  const [fresh, late, position] = [chanceOf("fresh"), chanceOf("late"), chanceOf("position")];
  return {
    servedPoll(aircraft, poll) {
      let served = poll;
      while (poll - served < MAX_REPEATS && repeated(aircraft, served) < REPEATED_SHARE) served--;
      return served;
    },
    contactAge(aircraft, poll, time) {
      const shifted = time / WINDOW_S + phase(aircraft, 0);
      const window = Math.floor(shifted);
      const elapsed_s = (shifted - window) * WINDOW_S;
      const fade_s = MIN_FADE_S + (MAX_FADE_S - MIN_FADE_S) * length(aircraft, window);
      const isFading = elapsed_s < fade_s && fades(aircraft, window) < FADE_SHARE;
      const age = Math.max(FRESH_S * fresh(aircraft, poll), isFading ? FADE_AGING * elapsed_s : 0);
      return late(aircraft, poll) < LATE_SHARE ? age + LATE_S : age;
    },
    positionAge: (aircraft, poll) => positionAgeAt(position(aircraft, poll)),
  };
}

/** Maps `at`, uniform in [0, 1), to the measured distribution. */
function positionAgeAt(at: number): number {
  if (at < 0.8) return at;
  if (at < 0.95) return ((at - 0.8) / 0.15) * 9;
  if (at < 0.97) return 9 + ((at - 0.95) / 0.02) * 13;
  return 22 + ((at - 0.97) / 0.03) * 103;
}
