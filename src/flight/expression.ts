/**
 * The language of the contract's rules. It has only operations that give the same result in both engines: the compiled
 * cleaner and Spark SQL.
 *
 * A comparison or a pattern is false if an operand is null or unusable, so `not` of it is true. Arithmetic with such an
 * operand has no usable result, so a comparison of the result is false too. Text operations return null and unusable
 * operands unchanged.
 */
export type Expression =
  | { op: "field"; name: string }
  | { op: "received_at" }
  | { op: "value"; value: number | string | boolean }
  | { op: Comparison; left: Expression; right: Expression }
  | { op: "plus" | "minus" | "modulo"; left: Expression; right: Expression }
  | { op: "abs" | "lower" | "upper"; of: Expression }
  | { op: "matches"; of: Expression; pattern: string }
  | { op: "is_null" | "is_unusable"; name: string }
  | { op: "and" | "or"; of: readonly Expression[] }
  | { op: "not"; of: Expression };

export type Comparison = "lt" | "gt" | "ge" | "eq";

/** A rule: its action, and the condition under which it applies. After a rejection, no further rule applies. */
export type Rule =
  | { do: "set"; field: string; to: Expression; when?: Expression }
  | { do: "set_null"; fields: readonly string[]; when: Expression; flag?: string }
  | { do: "reject"; reason: string; field: string; when: Expression }
  | { do: "flag"; flag: string; when: Expression };

type Operand = Expression | number | string | boolean;

/** Text is the name of a field. Wrap a text constant in `value`. */
const toExpression = (operand: Operand): Expression =>
  typeof operand === "object" ? operand : typeof operand === "string" ? { op: "field", name: operand } : value(operand);

export const value = (constant: number | string | boolean): Expression => ({ op: "value", value: constant });
export const receivedAt: Expression = { op: "received_at" };
const compare =
  (op: Comparison) =>
  (left: Operand, right: Operand): Expression => ({
    op,
    left: toExpression(left),
    right: toExpression(right),
  });
export const lt = compare("lt");
export const gt = compare("gt");
export const ge = compare("ge");
export const eq = compare("eq");
const arithmetic =
  (op: "plus" | "minus" | "modulo") =>
  (left: Operand, right: Operand): Expression => ({
    op,
    left: toExpression(left),
    right: toExpression(right),
  });
export const plus = arithmetic("plus");
export const minus = arithmetic("minus");
/** The remainder in [0, divisor), never -0. */
export const modulo = arithmetic("modulo");
export const abs = (operand: Operand): Expression => ({ op: "abs", of: toExpression(operand) });
/** Converts A-Z to lower case, and no other letter. */
export const lower = (operand: Operand): Expression => ({ op: "lower", of: toExpression(operand) });
/** Converts a-z to upper case, and no other letter. */
export const upper = (operand: Operand): Expression => ({ op: "upper", of: toExpression(operand) });
/**
 * Tests text against a regular expression. `pattern` is anchored at both ends, counts code points, and uses only syntax
 * that JavaScript and Java read in the same way.
 */
export const matches = (operand: Operand, pattern: string): Expression => ({
  op: "matches",
  of: toExpression(operand),
  pattern,
});
export const isNull = (name: string): Expression => ({ op: "is_null", name });
export const isUnusable = (name: string): Expression => ({ op: "is_unusable", name });
export const and = (...parts: Expression[]): Expression => ({ op: "and", of: parts });
export const or = (...parts: Expression[]): Expression => ({ op: "or", of: parts });
export const not = (expression: Expression): Expression => ({ op: "not", of: expression });
