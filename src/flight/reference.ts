import { NULL_BOOLEAN, UNUSABLE_NUMBER, UNUSABLE_TEXT } from "./batch.ts";
import { coerceBoolean, coerceInteger, coerceNumber, coerceText } from "./coerce.ts";
import { fields, rawFields, rules, type Kind, type StateVector } from "./contract.ts";
import type { Expression, Rule } from "./expression.ts";
import type { RawRow } from "./fill.ts";
import { lowerAscii, moduloOf, upperAscii } from "./operations.ts";

/**
 * The rules read row by row, as plainly as they are written: what the compiled cleaner is compared with. Not for use.
 */
const unusable = Symbol("unusable");
type Value = string | number | boolean | null | typeof unusable;
type Row = Map<string, Value>;

export type ReferenceResult = { row: StateVector } | { reason: string; field: string };

/** Cleans one raw object: the row, or the first rejection. `context.received_at` in Unix seconds. */
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
    const found = coerceText(leaf);
    return found === UNUSABLE_TEXT ? unusable : found;
  }
  if (kind === "boolean") {
    const found = coerceBoolean(leaf);
    return found < NULL_BOOLEAN ? found === 1 : found === NULL_BOOLEAN ? null : unusable;
  }
  const found = kind === "integer" ? coerceInteger(leaf) : coerceNumber(leaf);
  return Number.isNaN(found) ? null : found === UNUSABLE_NUMBER ? unusable : found;
}

const compare = {
  lt: (a: number, b: number) => a < b,
  gt: (a: number, b: number) => a > b,
  ge: (a: number, b: number) => a >= b,
};

function evaluate(of: Expression, row: Row, received_at: number): Value {
  const inner = (part: Expression) => evaluate(part, row, received_at);
  switch (of.op) {
    case "field":
      return row.get(of.name) ?? null;
    case "received_at":
      return received_at;
    case "value":
      return of.value;
    case "is_null":
      return (row.get(of.name) ?? null) === null;
    case "is_unusable":
      return row.get(of.name) === unusable;
    case "not":
      return inner(of.of) !== true;
    case "and":
      return of.of.every((part) => inner(part) === true);
    case "or":
      return of.of.some((part) => inner(part) === true);
    case "lower":
    case "upper":
      return onText(inner(of.of), of.op === "lower" ? lowerAscii : upperAscii);
    case "matches": {
      const found = inner(of.of);
      return typeof found === "string" && new RegExp(of.pattern, "u").test(found);
    }
    case "abs":
      return onNumbers([inner(of.of)], ([a = 0]) => Math.abs(a));
    case "plus":
      return onNumbers([inner(of.left), inner(of.right)], ([a = 0, b = 0]) => a + b);
    case "minus":
      return onNumbers([inner(of.left), inner(of.right)], ([a = 0, b = 0]) => a - b);
    case "modulo":
      return onNumbers([inner(of.left), inner(of.right)], ([a = 0, b = 0]) => moduloOf(a, b));
    case "eq":
      return inner(of.left) === inner(of.right) && typeof inner(of.left) !== "symbol" && inner(of.left) !== null;
    default: {
      const [left, right] = [inner(of.left), inner(of.right)];
      return typeof left === "number" && typeof right === "number" && compare[of.op](left, right);
    }
  }
}

const onText = (found: Value, change: (text: string) => string): Value =>
  typeof found === "string" ? change(found) : found;

/** Null when an operand is null, unusable when one is unusable. */
function onNumbers(found: readonly Value[], compute: (numbers: readonly number[]) => number): Value {
  if (found.includes(unusable)) return unusable;
  return found.every((one) => typeof one === "number") ? compute(found) : null;
}
