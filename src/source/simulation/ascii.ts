/** A buffer of ASCII text. The functions below append to it. The caller makes it large enough. */
export interface Ascii {
  bytes: Uint8Array;
  length: number;
}

const ZERO = 48;
const MINUS = 45;
const POINT = 46;

/** Invariant: `text` is ASCII. */
export function writeText(to: Ascii, text: string): void {
  const { bytes } = to;
  let at = to.length;
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  to.length = at;
}

/** `value` is a whole number with an absolute value below 2^53. */
export function writeInteger(to: Ascii, value: number): void {
  if (value < 0) to.bytes[to.length++] = MINUS;
  let left = Math.abs(value);
  let digits = 1;
  for (let power = 10; left >= power; power *= 10) digits++;
  const end = to.length + digits;
  for (let at = end - 1; at >= to.length; at--) {
    const rest = Math.floor(left / 10);
    to.bytes[at] = ZERO + (left - rest * 10);
    left = rest;
  }
  to.length = end;
}

/** Rounds to `digits` decimals. Writes no trailing zeros and never `-0`. */
export function writeDecimal(to: Ascii, value: number, digits: number): void {
  const scale = 10 ** digits;
  const scaled = Math.round(Math.abs(value) * scale);
  const whole = Math.floor(scaled / scale);
  let fraction = scaled - whole * scale;
  if (value < 0 && scaled > 0) to.bytes[to.length++] = MINUS;
  writeInteger(to, whole);
  if (fraction === 0) return;
  to.bytes[to.length++] = POINT;
  for (let power = scale / 10; fraction > 0; power /= 10) {
    const digit = Math.floor(fraction / power);
    to.bytes[to.length++] = ZERO + digit;
    fraction -= digit * power;
  }
}
