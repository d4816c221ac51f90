import { fields, type Kind } from "../flight/contract.ts";
import type { Expression } from "../flight/expression.ts";
import { numberLiteral, patternLiteral, textLiteral } from "./literal.ts";

/**
 * The expression language in Spark SQL.
 *
 * A field is a column, which is null when the value is null or unusable. A second column, `<field>_unusable`,
 * distinguishes the two until a rule makes the value usable.
 *
 * A comparison with null is unknown in SQL, but false in the contract. `and` and `or` can keep an unknown, because the
 * reader of the result treats it as false. Below a `not`, it becomes false first.
 */
export const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const LOWER = "abcdefghijklmnopqrstuvwxyz";

const kinds = new Map<string, Kind>(fields.map(({ name, kind }) => [name, kind]));
const operators = { lt: "<", gt: ">", ge: ">=", eq: "=", plus: "+", minus: "-" } as const;

/**
 * `mayBeUnusable` names the fields that still have the column `<field>_unusable`.
 * Throws for a name that is not a field of the contract.
 */
export function expressionSql(expression: Expression, mayBeUnusable: ReadonlySet<string>): string {
  const inner = (operand: Expression) => expressionSql(operand, mayBeUnusable);
  switch (expression.op) {
    case "field":
      if (!kinds.has(expression.name)) throw new Error(`field: ${expression.name} is not a field of the contract`);
      return expression.name;
    case "received_at":
      return "received_at";
    case "value":
      return literalOf(expression.value);
    case "is_null":
      return mayBeUnusable.has(expression.name)
        ? `(${expression.name} is null and not ${expression.name}_unusable)`
        : `${expression.name} is null`;
    case "is_unusable":
      return mayBeUnusable.has(expression.name) ? `${expression.name}_unusable` : "false";
    case "matches":
      return `${inner(expression.of)} rlike ${patternLiteral(expression.pattern)}`;
    case "abs":
      return `abs(${withoutParentheses(expression.of, mayBeUnusable)})`;
    case "lower":
      return `translate(${inner(expression.of)}, '${UPPER}', '${LOWER}')`;
    case "upper":
      return `translate(${inner(expression.of)}, '${LOWER}', '${UPPER}')`;
    case "modulo":
      return `pmod(${inner(expression.left)}, ${divisor(expression.right)}) + 0.0D`;
    case "not":
      return negation(expression.of, mayBeUnusable);
    case "and":
    case "or":
    case "plus":
    case "minus":
      return `(${withoutParentheses(expression, mayBeUnusable)})`;
    default:
      return withoutParentheses(expression, mayBeUnusable);
  }
}

/** The SQL of an expression that is not inside another one, so that it needs no parentheses. */
function withoutParentheses(expression: Expression, mayBeUnusable: ReadonlySet<string>): string {
  const inner = (operand: Expression) => expressionSql(operand, mayBeUnusable);
  if (expression.op === "and" || expression.op === "or")
    return expression.of
      .map((operand) => (operand.op === expression.op ? withoutParentheses(operand, mayBeUnusable) : inner(operand)))
      .join(`\n  ${expression.op} `);
  if (!("left" in expression) || expression.op === "modulo") return inner(expression);
  return `${inner(expression.left)} ${operators[expression.op]} ${inner(expression.right)}`;
}

/** `is_null` and `is_unusable` are never unknown. All other expressions need `unknownAsFalse`. */
function negation(expression: Expression, mayBeUnusable: ReadonlySet<string>): string {
  const inner = expressionSql(expression, mayBeUnusable);
  return expression.op === "is_null" && !mayBeUnusable.has(expression.name)
    ? `${expression.name} is not null`
    : expression.op === "is_null" || expression.op === "is_unusable"
      ? `not ${inner}`
      : `not ${unknownAsFalse(expression, mayBeUnusable)}`;
}

export const unknownAsFalse = (expression: Expression, mayBeUnusable: ReadonlySet<string>): string =>
  `coalesce(${withoutParentheses(expression, mayBeUnusable)}, false)`;

const literalOf = (value: number | string | boolean): string =>
  typeof value === "string" ? textLiteral(value) : typeof value === "number" ? numberLiteral(value) : String(value);

/** A DOUBLE literal, which makes the remainder a double. A remainder by zero would fail the job. */
function divisor(expression: Expression): string {
  if (expression.op !== "value" || typeof expression.value !== "number" || expression.value === 0)
    throw new Error("modulo: the divisor must be a number other than zero");
  return `${expression.value}D`;
}

/** Names of the fields that an expression reads, with repetitions. */
export function fieldsRead(expression: Expression): string[] {
  if ("name" in expression) return [expression.name];
  if ("left" in expression) return [...fieldsRead(expression.left), ...fieldsRead(expression.right)];
  if (!("of" in expression)) return [];
  return Array.isArray(expression.of)
    ? (expression.of as Expression[]).flatMap(fieldsRead)
    : fieldsRead(expression.of as Expression);
}
