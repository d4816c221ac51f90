/** Operations of the expression language, shared by the compiled cleaner and the reference. */

/** Whether the text has a code unit in the range. For short texts, a loop is faster than a regular expression. */
function hasUnit(text: string, low: number, high: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= low && unit <= high) return true;
  }
  return false;
}

/** Converts A-Z to lower case, and no other letter: `toLowerCase` would turn a Kelvin sign into k. */
export const lowerAscii = (text: string): string =>
  hasUnit(text, 65, 90) ? text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()) : text;

/** Converts a-z to upper case, and no other letter. */
export const upperAscii = (text: string): string =>
  hasUnit(text, 97, 122) ? text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()) : text;

/** The remainder in [0, divisor), never -0. Only negative remainders are corrected: an addition may lose bits. */
export function moduloOf(dividend: number, divisor: number): number {
  const rest = dividend % divisor;
  return (rest < 0 ? (rest + divisor) % divisor : rest) + 0;
}
