import type { Batch } from "./batch.ts";
import { fields, flagNames, rawFields, rules, type Kind } from "./contract.ts";
import type { Expression, Rule } from "./expression.ts";
import { patternTest } from "./pattern.ts";
import { lowerAscii, moduloOf, upperAscii } from "./operations.ts";

/**
 * The contract's rules as one function over columns. It is generated source: a loop over rows with a local per field
 * costs a third of closures per rule, which V8 sees as one megamorphic function (bench/clean.ts).
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

/** JavaScript source of an expression; locals carry the fields' names. Null is NaN, so comparisons with it are false. */
function source(of: Expression, patterns: string[]): string {
  const inner = (part: Expression) => source(part, patterns);
  switch (of.op) {
    case "field":
      return kindOf(of.name) === "boolean" ? `(${of.name} === 1)` : of.name;
    case "received_at":
      return "received_at";
    case "value":
      return JSON.stringify(of.value);
    case "is_null":
      return kindOf(of.name) === "text" || kindOf(of.name) === "boolean"
        ? `(${of.name} === ${nullOf[kindOf(of.name)]})`
        : `(${of.name} !== ${of.name})`;
    case "is_unusable":
      return `(${of.name} === ${unusableOf[kindOf(of.name)]})`;
    case "matches":
      return `(${inner(of.of)} !== null && pattern${patterns.push(of.pattern) - 1}(${inner(of.of)}))`;
    case "abs":
      return `Math.abs(${inner(of.of)})`;
    case "lower":
    case "upper":
      return `(${inner(of.of)} === null ? null : ${of.op}(${inner(of.of)}))`;
    case "modulo":
      return `modulo(${inner(of.left)}, ${inner(of.right)})`;
    case "not":
      return `!${inner(of.of)}`;
    case "and":
    case "or":
      return `(${of.of.map(inner).join(of.op === "and" ? " && " : " || ")})`;
    default:
      return `(${inner(of.left)} ${symbols[of.op]} ${inner(of.right)})`;
  }
}

function statement(rule: Rule, index: number, patterns: string[]): string {
  const when = rule.when === undefined ? "" : `if (${source(rule.when, patterns)}) `;
  switch (rule.do) {
    case "set": {
      const to =
        rule.to.op === "value" && kindOf(rule.field) === "boolean" ? Number(rule.to.value) : source(rule.to, patterns);
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

/** Source of the function body; columns are compacted in place, so rejected rows leave no gap. */
export function rulesSource(of: readonly Rule[] = rules): { body: string; patterns: string[] } {
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
  ${of.map((rule, index) => statement(rule, index, patterns)).join("\n  ")}
  ${names.map((name) => `${name}_[k] = ${name};`).join("\n  ")}
  flags_[k] = mask;
  if (k !== i) { source_[k] = source_[i]; received_at_[k] = received_at; delivery_[k] = delivery_[i]; ordinal_[k] = ordinal_[i]; }
  k++;
}
batch.rows = k;`;
  return { body, patterns };
}

/** Compiles rules; the table's own when none are given. */
export function compileRules(of: readonly Rule[] = rules): RunRules {
  const { body, patterns } = rulesSource(of);
  const names = patterns.map((_, i) => `pattern${i}`);
  // oxlint-disable-next-line typescript/no-implied-eval -- the source is ours, made from the table above and nothing else
  const make = new Function(
    ...["lower", "upper", "modulo", ...names],
    `return function runRules(batch, reject) {${body}\n}`,
  ) as (...parts: unknown[]) => RunRules;
  return make(lowerAscii, upperAscii, moduloOf, ...patterns.map(patternTest));
}
