import type { Batch } from "./batch.ts";

/** The fields of an identity, in the order in which history is sorted and paged. */
export const IDENTITY_ORDER = ["last_contact", "icao24", "source", "time_position"] as const;

/**
 * The identity of an observation is (source, icao24, last_contact, time_position). Two null positions are equal. Rows with
 * the same identity describe the same observation: one of them is stored, the others are counted as duplicates. Networks
 * repeat an aircraft's last state in each response, so duplicates are common and not an error.
 *
 * `Identities` is the set of identities seen so far. It is an open-addressing table of two doubles per slot (16 bytes) that
 * doubles when it is 3/4 full, so an identity takes 21 to 43 bytes. The first double is source and address. The second is
 * last_contact and the delay of time_position behind it. A delay that does not fit (over 18 hours) goes to a plain Set.
 */
export interface Identities {
  /** Adds the identity of row `i`. Returns false if the set contains it already. */
  add(batch: Batch, i: number): boolean;
  readonly size: number;
}

/** Delays from this on, in s, do not fit. The delay is increased by 1, so that a position 1 s after the contact fits too. */
const FAR = 65_534;
const NO_POSITION = 65_535;
const DELAYS = 65_536;
/** Addresses of 24 bits, and one bit for `~`. */
const ADDRESSES = 2 ** 25;

/** An empty set. `capacity` is the number of slots and must be a power of two. */
// oxlint-disable-next-line max-lines-per-function -- one state, and short functions that close over it
export function identities(capacity = 1024): Identities {
  let mask = capacity - 1;
  let keys = new Float64Array(2 * capacity);
  let count = 0;
  const sources = new Map<string, number>();
  const far = new Set<string>();

  // oxlint-disable-next-line max-params -- called for every row: an object each time would cost more than the row
  const slotOf = (aircraft: number, time: number, table: Float64Array, bits: number): number => {
    let slot =
      (Math.imul(aircraft | 0, 0x9e3779b1) ^
        Math.imul((time % 4_294_967_296) | 0, 0x85ebca6b) ^
        Math.imul(time / 4_294_967_296, 0xc2b2ae35)) >>>
      0;
    slot = (slot ^ (slot >>> 15)) & bits;
    while (table[2 * slot] !== 0 && (table[2 * slot] !== aircraft || table[2 * slot + 1] !== time))
      slot = (slot + 1) & bits;
    return slot;
  };
  const double = (): void => {
    const bits = 2 * (mask + 1) - 1;
    const larger = new Float64Array(2 * (bits + 1));
    for (let slot = 0; slot <= mask; slot++) {
      const aircraft = keys[2 * slot] ?? 0;
      const time = keys[2 * slot + 1] ?? 0;
      if (aircraft === 0) continue;
      const at = slotOf(aircraft, time, larger, bits);
      larger[2 * at] = aircraft;
      larger[2 * at + 1] = time;
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
      const delay = hasTime ? contact - position + 1 : NO_POSITION;
      if (hasTime && delay >= FAR) return addFar(`${source} ${icao24} ${contact} ${position}`);
      const address = icao24.length === 7 ? 0x1000000 + parseInt(icao24.slice(1), 16) : parseInt(icao24, 16);
      const aircraft = numberOf(source) * ADDRESSES + address;
      const time = contact * DELAYS + delay;
      const slot = slotOf(aircraft, time, keys, mask);
      if (keys[2 * slot] !== 0) return false;
      keys[2 * slot] = aircraft;
      keys[2 * slot + 1] = time;
      if (++count * 4 > mask * 3) double();
      return true;
    },
  };
}
