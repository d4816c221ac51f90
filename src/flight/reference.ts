import { NULL_BOOLEAN, UNUSABLE_NUMBER, UNUSABLE_TEXT } from "./batch.ts";
import { coerceBoolean, coerceInteger, coerceNumber, coerceText } from "./coerce.ts";
import { fields, rawFields, rules, type Kind, type StateVector } from "./contract.ts";
import type { Expression, Rule } from "./expression.ts";
import type { RawRow } from "./fill.ts";
import { lowerAscii, moduloOf, upperAscii } from "./operations.ts";

/**
 * A plain interpreter of the rules, one row at a time. Tests compare the compiled cleaner with it. The product does not use
 * it.
 */
const unusable = Symbol("unusable");
type Value = string | number | boolean | null | typeof unusable;
type Row = Map<string, Value>;

export type ReferenceResult = { row: StateVector } | { reason: string; field: string };

/** Cleans one raw object. Returns the row or its rejection. `context.received_at` is in Unix seconds. */
export function cleanRow(
  raw: RawRow,
  context: { source: string; received_at: number },
  table: readonly Rule[] = rules,
): ReferenceResult {
  const row: Row = new Map(rawFields.map(({ name, kind }) => [name, leafValue(kind, raw[name])]));
  const flags = new Set<string>();
  for (const rule of table) {
    if (rule.when !== undefined && evaluate(rule.when, row, context.received_at) !== true) continue;
    if (rule.do === "reject") return { reason: rule.reason, field: rule.field };
    if (rule.do === "set") row.set(rule.field, evaluate(rule.to, row, context.received_at));
    if (rule.do === "set_null") for (const name of rule.fields) row.set(name, null);
    if ("flag" in rule && rule.flag !== undefined) flags.add(rule.flag);
  }
  row.set("source", context.source);
  row.set("flags", [...flags].sort().join(","));
  return { row: Object.fromEntries(fields.map(({ name }) => [name, row.get(name)])) as unknown as StateVector };
}

function leafValue(kind: Kind, leaf: unknown): Value {
  if (kind === "text") {
    const text = coerceText(leaf);
    return text === UNUSABLE_TEXT ? unusable : text;
  }
  if (kind === "boolean") {
    const code = coerceBoolean(leaf);
    return code < NULL_BOOLEAN ? code === 1 : code === NULL_BOOLEAN ? null : unusable;
  }
  const number = kind === "integer" ? coerceInteger(leaf) : coerceNumber(leaf);
  return Number.isNaN(number) ? null : number === UNUSABLE_NUMBER ? unusable : number;
}

const compare = {
  lt: (a: number, b: number) => a < b,
  gt: (a: number, b: number) => a > b,
  ge: (a: number, b: number) => a >= b,
};

function evaluate(expression: Expression, row: Row, received_at: number): Value {
  const inner = (part: Expression) => evaluate(part, row, received_at);
  switch (expression.op) {
    case "field":
      return row.get(expression.name) ?? null;
    case "received_at":
      return received_at;
    case "value":
      return expression.value;
    case "is_null":
      return (row.get(expression.name) ?? null) === null;
    case "is_unusable":
      return row.get(expression.name) === unusable;
    case "not":
      return inner(expression.of) !== true;
    case "and":
      return expression.of.every((part) => inner(part) === true);
    case "or":
      return expression.of.some((part) => inner(part) === true);
    case "lower":
    case "upper":
      return onText(inner(expression.of), expression.op === "lower" ? lowerAscii : upperAscii);
    case "matches": {
      const text = inner(expression.of);
      return typeof text === "string" && new RegExp(expression.pattern, "u").test(text);
    }
    case "abs":
      return onNumbers([inner(expression.of)], ([a = 0]) => Math.abs(a));
    default:
      return evaluateBinary(expression, inner(expression.left), inner(expression.right));
  }
}

type Binary = Extract<Expression, { left: Expression }>;

function evaluateBinary({ op }: Binary, left: Value, right: Value): Value {
  switch (op) {
    case "plus":
      return onNumbers([left, right], ([a = 0, b = 0]) => a + b);
    case "minus":
      return onNumbers([left, right], ([a = 0, b = 0]) => a - b);
    case "modulo":
      return onNumbers([left, right], ([a = 0, b = 0]) => moduloOf(a, b));
    case "eq":
      return left === right && typeof left !== "symbol" && left !== null;
    default:
      return typeof left === "number" && typeof right === "number" && compare[op](left, right);
  }
}

const onText = (value: Value, change: (text: string) => string): Value =>
  typeof value === "string" ? change(value) : value;

/** Null if an operand is null, unusable if one is unusable. */
function onNumbers(operands: readonly Value[], compute: (numbers: readonly number[]) => number): Value {
  if (operands.includes(unusable)) return unusable;
  return operands.every((operand) => typeof operand === "number") ? compute(operands) : null;
}
