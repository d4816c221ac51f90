/**
 * The closed language in which the contract's rules are written: what both engines can say, and nothing else.
 *
 * Meaning, the same in every engine: a comparison, a pattern or arithmetic over a null or unusable operand does not hold
 * (it is false, so `not` of it is true); text operations leave null and unusable as they are.
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

/** What a rule does to the row it holds for. A rejection ends the row. */
export type Rule =
  | { do: "set"; field: string; to: Expression; when?: Expression }
  | { do: "set_null"; fields: readonly string[]; when: Expression; flag?: string }
  | { do: "reject"; reason: string; field: string; when: Expression }
  | { do: "flag"; flag: string; when: Expression };

type Operand = Expression | number | string | boolean;

/** A name that starts with a letter and is bare text is a field; every other constant is wrapped by `value`. */
const operand = (of: Operand): Expression =>
  typeof of === "object" ? of : typeof of === "string" ? { op: "field", name: of } : value(of);

export const value = (of: number | string | boolean): Expression => ({ op: "value", value: of });
export const receivedAt: Expression = { op: "received_at" };
const compare =
  (op: Comparison) =>
  (left: Operand, right: Operand): Expression => ({
    op,
    left: operand(left),
    right: operand(right),
  });
export const lt = compare("lt");
export const gt = compare("gt");
export const ge = compare("ge");
export const eq = compare("eq");
const arithmetic =
  (op: "plus" | "minus" | "modulo") =>
  (left: Operand, right: Operand): Expression => ({
    op,
    left: operand(left),
    right: operand(right),
  });
export const plus = arithmetic("plus");
export const minus = arithmetic("minus");
/** Remainder with the sign of the dividend, plus the divisor if negative: [0, divisor), never -0. */
export const modulo = arithmetic("modulo");
export const abs = (of: Operand): Expression => ({ op: "abs", of: operand(of) });
/** Lower case of A-Z alone. */
export const lower = (of: Operand): Expression => ({ op: "lower", of: operand(of) });
/** Upper case of a-z alone. */
export const upper = (of: Operand): Expression => ({ op: "upper", of: operand(of) });
/** `pattern` is anchored at both ends, counts code points, and keeps to what JavaScript and Java read alike. */
export const matches = (of: Operand, pattern: string): Expression => ({ op: "matches", of: operand(of), pattern });
export const isNull = (name: string): Expression => ({ op: "is_null", name });
export const isUnusable = (name: string): Expression => ({ op: "is_unusable", name });
export const and = (...of: Expression[]): Expression => ({ op: "and", of });
export const or = (...of: Expression[]): Expression => ({ op: "or", of });
export const not = (of: Expression): Expression => ({ op: "not", of });
