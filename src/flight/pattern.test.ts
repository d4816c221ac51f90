import fc from "fast-check";
import { expect, test } from "vitest";
import { rules } from "./contract.ts";
import type { Expression } from "./expression.ts";
import { lowerAscii, upperAscii } from "./operations.ts";
import { patternTest } from "./pattern.ts";

/** All patterns in an expression, a rule or a list of them. */
function patternsIn(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  const own = (node as Partial<Expression>).op === "matches" ? [(node as { pattern: string }).pattern] : [];
  return [...own, ...Object.values(node).flatMap(patternsIn)];
}
const inRules = [...new Set(patternsIn(rules))];
const others = ["^[a-c]{2,3}$", "^a+b*$", "^a?a$", "^(a|b)$", "^[^a]$", "^[a-z0-9][a-z0-9_-]{0,31}$", "^.$"];

test.each([...inRules, ...others])("the compiled test of %s agrees with the regular expression", (pattern) => {
  const isMatch = patternTest(pattern);
  const expression = new RegExp(pattern, "u");
  // fast-check cannot generate text for a lookahead
  const matching = pattern.includes("(?!") ? fc.string({ minLength: 1, maxLength: 66 }) : fc.stringMatching(expression);
  const near = matching.chain((text) =>
    fc
      .record({ at: fc.nat(text.length), put: fc.string({ maxLength: 2 }), cut: fc.nat(2) })
      .map(({ at, put, cut }) => text.slice(0, at) + put + text.slice(at + cut)),
  );
  const texts = fc.sample(fc.oneof(near, fc.string(), matching), 2_000);
  expect(texts.filter((text) => isMatch(text) !== expression.test(text))).toEqual([]);
  expect(texts.some((text) => isMatch(text))).toBe(true);
});

test("letters beyond ASCII keep their case", () => {
  expect([lowerAscii("AbZ[\u212a\u0130Ä@"), upperAscii("aBz{ıß`é")]).toEqual(["abz[\u212a\u0130Ä@", "ABZ{ıß`é"]);
});
