/** What the expression language's operations do, shared by the compiled cleaner and the reference. */

/** Lower case of A-Z alone: `toLowerCase` would turn a Kelvin sign into k. */
export const lowerAscii = (text: string): string =>
  /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()) : text;

/** Upper case of a-z alone. */
export const upperAscii = (text: string): string =>
  /[a-z]/.test(text) ? text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()) : text;

/** Into [0, by), never -0; adding before the second remainder would lose bits of a positive dividend. */
export function moduloOf(dividend: number, by: number): number {
  const rest = dividend % by;
  return (rest < 0 ? (rest + by) % by : rest) + 0;
}
