/** Mixes 32 bits so that each input bit reaches each output bit (the finaliser of MurmurHash3). */
function mix(bits: number): number {
  let h = bits | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashText(text: string): number {
  let h = 0;
  for (let i = 0; i < text.length; i++) h = mix(Math.imul(h, 31) + text.charCodeAt(i));
  return h;
}

/** A number in [0, 1) for a pair of integers; the same pair gives the same number. */
type Chance = (a: number, b: number) => number;

/**
 * A field of random numbers that are looked up, not drawn: what aircraft 7 does at poll 12 is known without polls 0 to 11,
 * so that a restart goes on where it would have been. Fields of different names are independent.
 */
export function chance(seed: number, name: string): Chance {
  const start = mix(mix(seed) + hashText(name));
  return (a, b) => (mix(mix(start + Math.imul(a, 0x9e3779b1)) + Math.imul(b, 0x27d4eb2f)) >>> 0) / 0x1_0000_0000;
}

/** Numbers in [0, 1), one after the other. */
export function sequence(seed: number, name: string): () => number {
  const field = chance(seed, name);
  let n = 0;
  return () => field(n++, 0);
}

export function between(low: number, high: number, at: number): number {
  return low + (high - low) * at;
}

/** One of `of`. Throws `RangeError` when there is none. */
export function pick<T>(of: readonly T[], at: number): T {
  const found = of[Math.floor(at * of.length)];
  if (found === undefined) throw new RangeError(`none of ${of.length} stands at ${at}`);
  return found;
}
