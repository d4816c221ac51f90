import type { Batch } from "./batch.ts";

/**
 * The identities of observations seen so far: (source, icao24, last_contact, time_position), two null times being equal.
 *
 * An open-addressing table over two doubles, 16 bytes a slot, doubled at 3/4 full: 21 to 43 bytes an identity. The first
 * double is address and source, the second last_contact and how far time_position lies behind it; a distance that does not
 * fit (over 18 hours) goes to a plain Set instead.
 */
export interface Identities {
  /** Adds row `i`; false when its identity was there already. */
  add(batch: Batch, i: number): boolean;
  readonly size: number;
}

const FAR = 65_534;
const NO_POSITION = 65_535;
const DISTANCES = 65_536;
/** Addresses of 24 bits and one for `~`. */
const ADDRESSES = 2 ** 25;

// oxlint-disable-next-line max-lines-per-function -- one state, and short functions that close over it
export function identities(capacity = 1024): Identities {
  let mask = capacity - 1;
  let keys = new Float64Array(2 * capacity);
  let count = 0;
  const sources = new Map<string, number>();
  const far = new Set<string>();

  // oxlint-disable-next-line max-params -- called for every row: an object each time would cost more than the row
  const slotOf = (who: number, when: number, table: Float64Array, bits: number): number => {
    let slot =
      (Math.imul(who | 0, 0x9e3779b1) ^
        Math.imul((when % 4_294_967_296) | 0, 0x85ebca6b) ^
        Math.imul(when / 4_294_967_296, 0xc2b2ae35)) >>>
      0;
    slot = (slot ^ (slot >>> 15)) & bits;
    while (table[2 * slot] !== 0 && (table[2 * slot] !== who || table[2 * slot + 1] !== when)) slot = (slot + 1) & bits;
    return slot;
  };
  const double = (): void => {
    const bits = 2 * (mask + 1) - 1;
    const larger = new Float64Array(2 * (bits + 1));
    for (let slot = 0; slot <= mask; slot++) {
      const who = keys[2 * slot] ?? 0;
      const when = keys[2 * slot + 1] ?? 0;
      if (who === 0) continue;
      const at = slotOf(who, when, larger, bits);
      larger[2 * at] = who;
      larger[2 * at + 1] = when;
    }
    keys = larger;
    mask = bits;
  };
  const numberOf = (source: string): number => {
    const known = sources.get(source);
    if (known !== undefined) return known;
    sources.set(source, sources.size + 1);
    return sources.size;
  };
  const addFar = (key: string): boolean => {
    const before = far.size;
    far.add(key);
    return far.size > before;
  };

  return {
    get size() {
      return count + far.size;
    },
    add(batch, i) {
      const { columns } = batch;
      const source = columns.source[i] ?? "";
      const icao24 = columns.icao24[i] ?? "";
      const contact = columns.last_contact[i] ?? 0;
      const position = columns.time_position[i] ?? NaN;
      const hasTime = !Number.isNaN(position);
      const distance = hasTime ? contact - position + 1 : NO_POSITION;
      if (hasTime && distance >= FAR) return addFar(`${source} ${icao24} ${contact} ${position}`);
      const address = icao24.length === 7 ? 0x1000000 + parseInt(icao24.slice(1), 16) : parseInt(icao24, 16);
      const who = numberOf(source) * ADDRESSES + address;
      const when = contact * DISTANCES + distance;
      const slot = slotOf(who, when, keys, mask);
      if (keys[2 * slot] !== 0) return false;
      keys[2 * slot] = who;
      keys[2 * slot + 1] = when;
      if (++count * 4 > mask * 3) double();
      return true;
    },
  };
}
