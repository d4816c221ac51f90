import { fields, type Kind } from "../flight/contract.ts";
import type { Expression } from "../flight/expression.ts";
import { numberLiteral, patternLiteral, textLiteral } from "./literal.ts";

/**
 * The expression language in Spark SQL. A field is a column, null where the value is null or unusable, beside a column
 * `<field>_unusable` for as long as it may be that. SQL knows a third truth, unknown; `and` and `or` may keep it, because
 * whoever reads the result takes it for false, and below a `not` it is made false first.
 */
export const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const LOWER = "abcdefghijklmnopqrstuvwxyz";

const kinds = new Map<string, Kind>(fields.map(({ name, kind }) => [name, kind]));
const symbols = { lt: "<", gt: ">", ge: ">=", eq: "=", plus: "+", minus: "-" } as const;

/** `mayBeUnusable` names the fields that still have the column beside them. */
export function expressionSql(of: Expression, mayBeUnusable: ReadonlySet<string>): string {
  const inner = (part: Expression) => expressionSql(part, mayBeUnusable);
  switch (of.op) {
    case "field":
      if (!kinds.has(of.name)) throw new Error(`the contract has no field ${of.name}`);
      return of.name;
    case "received_at":
      return "received_at";
    case "value":
      return literalOf(of.value);
    case "is_null":
      return mayBeUnusable.has(of.name) ? `(${of.name} is null and not ${of.name}_unusable)` : `${of.name} is null`;
    case "is_unusable":
      return mayBeUnusable.has(of.name) ? `${of.name}_unusable` : "false";
    case "matches":
      return `${inner(of.of)} rlike ${patternLiteral(of.pattern)}`;
    case "abs":
      return `abs(${bare(of.of, mayBeUnusable)})`;
    case "lower":
      return `translate(${inner(of.of)}, '${UPPER}', '${LOWER}')`;
    case "upper":
      return `translate(${inner(of.of)}, '${LOWER}', '${UPPER}')`;
    case "modulo":
      return `pmod(${inner(of.left)}, ${divisor(of.right)}) + 0.0D`;
    case "not":
      return negated(of.of, mayBeUnusable);
    case "and":
    case "or":
    case "plus":
    case "minus":
      return `(${bare(of, mayBeUnusable)})`;
    default:
      return bare(of, mayBeUnusable);
  }
}

/** What needs brackets within another expression, without them. */
function bare(of: Expression, mayBeUnusable: ReadonlySet<string>): string {
  const inner = (part: Expression) => expressionSql(part, mayBeUnusable);
  if (of.op === "and" || of.op === "or")
    return of.of.map((part) => (part.op === of.op ? bare(part, mayBeUnusable) : inner(part))).join(`\n  ${of.op} `);
  if (!("left" in of) || of.op === "modulo") return inner(of);
  return `${inner(of.left)} ${symbols[of.op]} ${inner(of.right)}`;
}

/** What is null or unusable needs no third truth; all else does. */
function negated(of: Expression, mayBeUnusable: ReadonlySet<string>): string {
  const inner = expressionSql(of, mayBeUnusable);
  return of.op === "is_null" && !mayBeUnusable.has(of.name)
    ? `${of.name} is not null`
    : of.op === "is_null" || of.op === "is_unusable"
      ? `not ${inner}`
      : `not ${settled(of, mayBeUnusable)}`;
}

/** A condition whose unknown is made false. */
export const settled = (of: Expression, mayBeUnusable: ReadonlySet<string>): string =>
  `coalesce(${bare(of, mayBeUnusable)}, false)`;

const literalOf = (value: number | string | boolean): string =>
  typeof value === "string" ? textLiteral(value) : typeof value === "number" ? numberLiteral(value) : String(value);

/** A remainder by zero throws; by a double it is a double. */
function divisor(of: Expression): string {
  if (of.op !== "value" || typeof of.value !== "number" || of.value === 0)
    throw new Error("modulo takes a number other than zero");
  return `${of.value}D`;
}

/** Names of the fields that an expression reads. */
export function fieldsRead(of: Expression): string[] {
  if ("name" in of) return [of.name];
  if ("left" in of) return [...fieldsRead(of.left), ...fieldsRead(of.right)];
  if (!("of" in of)) return [];
  return Array.isArray(of.of) ? (of.of as Expression[]).flatMap(fieldsRead) : fieldsRead(of.of as Expression);
}
