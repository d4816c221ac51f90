/** What the expression language's operations do, shared by the compiled cleaner and the reference. */

/** Whether a code unit of the text lies in the range: a loop, for most texts are short and need nothing. */
function hasUnit(text: string, low: number, high: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= low && unit <= high) return true;
  }
  return false;
}

/** Lower case of A-Z alone: `toLowerCase` would turn a Kelvin sign into k. */
export const lowerAscii = (text: string): string =>
  hasUnit(text, 65, 90) ? text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()) : text;

/** Upper case of a-z alone. */
export const upperAscii = (text: string): string =>
  hasUnit(text, 97, 122) ? text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()) : text;

/** Into [0, by), never -0; adding before the second remainder would lose bits of a positive dividend. */
export function moduloOf(dividend: number, by: number): number {
  const rest = dividend % by;
  return (rest < 0 ? (rest + by) % by : rest) + 0;
}
