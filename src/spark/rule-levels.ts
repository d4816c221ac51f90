import type { Rule } from "../flight/expression.ts";
import { fieldsRead } from "./expression-sql.ts";

/** A rule with its place in the contract's order and the column that holds its condition; null where it always holds. */
export interface PlacedRule {
  rule: Rule;
  condition: string | null;
}

const fieldsWritten = (rule: Rule): readonly string[] =>
  rule.do === "set" ? [rule.field] : rule.do === "set_null" ? rule.fields : [];

const readBy = (rule: Rule): string[] => [
  ...(rule.when === undefined ? [] : fieldsRead(rule.when)),
  ...(rule.do === "set" ? fieldsRead(rule.to) : []),
];

/** What the condition is called: as the flag or the reason that it is about, a second one of a name with a number. */
function conditionName(rule: Rule, taken: Set<string>): string | null {
  if (rule.when === undefined) return null;
  const base =
    rule.do === "reject"
      ? `rejects_${rule.reason}`
      : rule.do === "flag"
        ? `is_${rule.flag}`
        : rule.do === "set"
          ? `sets_${rule.field}`
          : (rule.flag ?? `empties_${rule.fields.join("_")}`);
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
  taken.add(name);
  return name;
}

/**
 * The rules by levels. Those of one level all see the row as the level before left it, which is how a SELECT reads: so a
 * rule stands above every earlier one that writes what it reads or writes, and never below one that reads what it writes.
 */
export function ruleLevels(rules: readonly Rule[]): PlacedRule[][] {
  const levels: PlacedRule[][] = [];
  const written = new Map<string, number>();
  const read = new Map<string, number>();
  const taken = new Set<string>();
  for (const rule of rules) {
    const [reads, writes] = [readBy(rule), fieldsWritten(rule)];
    const after = [...reads, ...writes].map((name) => (written.get(name) ?? -1) + 1);
    const level = Math.max(0, ...after, ...writes.map((name) => read.get(name) ?? 0));
    for (const name of reads) read.set(name, Math.max(level, read.get(name) ?? 0));
    for (const name of writes) written.set(name, level);
    (levels[level] ??= []).push({ rule, condition: conditionName(rule, taken) });
  }
  return levels;
}
