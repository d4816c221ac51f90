/** Mixes 32 bits so that each input bit affects each output bit (the finalizer of MurmurHash3). */
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
 * Random numbers by lookup instead of by sequence. The number for aircraft 7 at poll 12 does not depend on polls 0 to
 * 11, so a restarted simulation continues as if it had not stopped. Different names give independent numbers.
 */
export function chance(seed: number, name: string): Chance {
  const start = mix(mix(seed) + hashText(name));
  return (a, b) => (mix(mix(start + Math.imul(a, 0x9e3779b1)) + Math.imul(b, 0x27d4eb2f)) >>> 0) / 0x1_0000_0000;
}

/** Numbers in [0, 1), one per call. */
export function sequence(seed: number, name: string): () => number {
  const numbers = chance(seed, name);
  let n = 0;
  return () => numbers(n++, 0);
}

export function between(low: number, high: number, at: number): number {
  return low + (high - low) * at;
}

/** The item at the share `at` of the list. Throws `RangeError` for an empty list or an `at` outside [0, 1). */
export function pick<T>(items: readonly T[], at: number): T {
  const item = items[Math.floor(at * items.length)];
  if (item === undefined) throw new RangeError(`at: ${at} selects none of ${items.length} items; allowed: [0, 1)`);
  return item;
}
