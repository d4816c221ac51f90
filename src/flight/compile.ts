import type { Batch } from "./batch.ts";
import { fields, flagNames, rawFields, rules, type Kind } from "./contract.ts";
import type { Expression, Rule } from "./expression.ts";
import { lowerAscii, moduloOf, upperAscii } from "./operations.ts";
import { patternTest } from "./pattern.ts";

/**
 * Runs the contract's rules over the columns of a batch. The function is generated source: a loop over rows with one local
 * variable per field. It takes a third of the time of one closure per rule, because V8 sees all closures as one
 * megamorphic function (bench/clean.ts). `reject` receives the indices of the row and of the rule.
 */
export type RunRules = (batch: Batch, reject: (row: number, rule: number) => void) => void;

const kinds = new Map<string, Kind>(fields.map(({ name, kind }) => [name, kind]));
const kindOf = (name: string): Kind => {
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error(`the contract has no field ${name}`);
  return kind;
};

const nullOf: Record<Kind, string> = { text: "null", number: "NaN", integer: "NaN", boolean: "2" };
const unusableOf: Record<Kind, string> = { text: '"{"', number: "Infinity", integer: "Infinity", boolean: "3" };
const symbols = { lt: "<", gt: ">", ge: ">=", eq: "===", plus: "+", minus: "-" } as const;

/**
 * JavaScript source of an expression. Local variables have the fields' names. A null number is NaN, so a comparison with it
 * is false. Adds the expression's patterns to `patterns`.
 */
function sourceOf(expression: Expression, patterns: string[]): string {
  const inner = (part: Expression) => sourceOf(part, patterns);
  switch (expression.op) {
    case "field":
      return kindOf(expression.name) === "boolean" ? `(${expression.name} === 1)` : expression.name;
    case "received_at":
      return "received_at";
    case "value":
      return JSON.stringify(expression.value);
    case "is_null":
      return isNullSource(expression.name);
    case "is_unusable":
      return `(${expression.name} === ${unusableOf[kindOf(expression.name)]})`;
    case "matches": {
      const text = inner(expression.of);
      return `(${text} !== null && pattern${patterns.push(expression.pattern) - 1}(${text}))`;
    }
    case "abs":
      return `Math.abs(${inner(expression.of)})`;
    case "lower":
    case "upper":
      return `(${inner(expression.of)} === null ? null : ${expression.op}(${inner(expression.of)}))`;
    case "modulo":
      return `modulo(${inner(expression.left)}, ${inner(expression.right)})`;
    case "not":
      return `!${inner(expression.of)}`;
    case "and":
    case "or":
      return `(${expression.of.map(inner).join(expression.op === "and" ? " && " : " || ")})`;
    default:
      return `(${inner(expression.left)} ${symbols[expression.op]} ${inner(expression.right)})`;
  }
}

/** NaN is the null of numbers, and the only value that differs from itself. */
const isNullSource = (name: string): string => {
  const kind = kindOf(name);
  return kind === "text" || kind === "boolean" ? `(${name} === ${nullOf[kind]})` : `(${name} !== ${name})`;
};

function statement(rule: Rule, index: number, patterns: string[]): string {
  const when = rule.when === undefined ? "" : `if (${sourceOf(rule.when, patterns)}) `;
  switch (rule.do) {
    case "set": {
      const to =
        rule.to.op === "value" && kindOf(rule.field) === "boolean"
          ? Number(rule.to.value)
          : sourceOf(rule.to, patterns);
      return `${when}${rule.field} = ${to};`;
    }
    case "set_null": {
      const flag = rule.flag === undefined ? "" : ` mask |= ${bitOf(rule.flag)};`;
      return `${when}{ ${rule.fields.map((name) => `${name} = ${nullOf[kindOf(name)]};`).join(" ")}${flag} }`;
    }
    case "reject":
      return `${when}{ reject(i, ${index}); continue; }`;
    case "flag":
      return `${when}mask |= ${bitOf(rule.flag)};`;
  }
}

const bitOf = (flag: string): number => 1 << flagNames.indexOf(flag);

/** Source of the function's body. It moves accepted rows forward in the columns, so that rejected rows leave no gap. */
export function rulesSource(table: readonly Rule[] = rules): { body: string; patterns: string[] } {
  const patterns: string[] = [];
  const names = rawFields.map(({ name }) => name);
  const body = `
const { source: source_, flags: flags_, ${names.map((name) => `${name}: ${name}_`).join(", ")} } = batch.columns;
const received_at_ = batch.received_at, delivery_ = batch.delivery, ordinal_ = batch.ordinal;
let k = 0;
for (let i = 0, n = batch.rows; i < n; i++) {
  const received_at = received_at_[i];
  let mask = 0;
  ${names.map((name) => `let ${name} = ${name}_[i];`).join("\n  ")}
  ${table.map((rule, index) => statement(rule, index, patterns)).join("\n  ")}
  ${names.map((name) => `${name}_[k] = ${name};`).join("\n  ")}
  flags_[k] = mask;
  if (k !== i) { source_[k] = source_[i]; received_at_[k] = received_at; delivery_[k] = delivery_[i]; ordinal_[k] = ordinal_[i]; }
  k++;
}
batch.rows = k;`;
  return { body, patterns };
}

/** Compiles rules. Default: the contract's. */
export function compileRules(table: readonly Rule[] = rules): RunRules {
  const { body, patterns } = rulesSource(table);
  const names = patterns.map((_, i) => `pattern${i}`);
  // oxlint-disable-next-line typescript/no-implied-eval -- the source is generated from the rules alone
  const make = new Function(
    ...["lower", "upper", "modulo", ...names],
    `return function runRules(batch, reject) {${body}\n}`,
  ) as (...parts: unknown[]) => RunRules;
  return make(lowerAscii, upperAscii, moduloOf, ...patterns.map(patternTest));
}
