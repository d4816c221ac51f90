/** A test of a whole text against a pattern of the contract, by code points. */
export function patternTest(pattern: string): (text: string) => boolean {
  const expression = new RegExp(pattern, "u");
  return (text) => expression.test(text);
}
