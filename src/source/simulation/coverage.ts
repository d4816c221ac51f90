import { chance } from "./random.ts";

/**
 * How old the last message of an aircraft is. Measured on recorded responses: 14-17 % of rows are older than 15 s, 10-12 %
 * older than 60 s, none older than 315 s. Here each aircraft flies out of reach now and then: for a while its messages
 * come with an age that grows by `FADE` a second, and then it is heard well again.
 */
const WINDOW_S = 840;
const FADES = 0.65;
const SHORTEST_FADE_S = 20;
const LONGEST_FADE_S = 420;
const FADE = 0.75;
/** Age of what is heard well. */
const FRESH_S = 2;
/** Rows that come with an older message than the poll before had. */
const LATE = 0.002;
const LATE_S = 20;
/** Rows that the next poll serves again unchanged; measured 5.2 %. */
const REPEATED = 0.052;
const MOST_REPEATS = 3;

interface Coverage {
  /** Which poll's row is served at this one: itself, or an earlier one again. */
  servedPoll(aircraft: number, poll: number): number;
  /** Seconds between the last message and the poll at `time` (Unix s). */
  contactAge(aircraft: number, poll: number, time: number): number;
  /** Seconds between the position and the last message; measured: half 0, 10 % above 3, 4 % above 12, 1 % above 123. */
  positionAge(aircraft: number, poll: number): number;
}

export function makeCoverage(seed: number): Coverage {
  const of = (name: string) => chance(seed, `coverage ${name}`);
  const [repeated, phase, fades, length] = [of("repeated"), of("phase"), of("fades"), of("length")];
  const [fresh, late, position] = [of("fresh"), of("late"), of("position")];
  return {
    servedPoll(aircraft, poll) {
      let served = poll;
      while (poll - served < MOST_REPEATS && repeated(aircraft, served) < REPEATED) served--;
      return served;
    },
    contactAge(aircraft, poll, time) {
      const shifted = time / WINDOW_S + phase(aircraft, 0);
      const window = Math.floor(shifted);
      const into = (shifted - window) * WINDOW_S;
      const fade = SHORTEST_FADE_S + (LONGEST_FADE_S - SHORTEST_FADE_S) * length(aircraft, window);
      const fading = into < fade && fades(aircraft, window) < FADES;
      const age = Math.max(FRESH_S * fresh(aircraft, poll), fading ? FADE * into : 0);
      return late(aircraft, poll) < LATE ? age + LATE_S : age;
    },
    positionAge: (aircraft, poll) => ageOfPosition(position(aircraft, poll)),
  };
}

function ageOfPosition(at: number): number {
  if (at < 0.8) return at;
  if (at < 0.95) return ((at - 0.8) / 0.15) * 9;
  if (at < 0.97) return 9 + ((at - 0.95) / 0.02) * 13;
  return 22 + ((at - 0.97) / 0.03) * 103;
}
