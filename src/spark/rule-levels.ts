import type { Rule } from "../flight/expression.ts";
import { fieldsRead } from "./expression-sql.ts";

/** A rule, and the column of its condition; null for a rule without a condition. */
export interface PlannedRule {
  rule: Rule;
  condition: string | null;
}

const fieldsWritten = (rule: Rule): readonly string[] =>
  rule.do === "set" ? [rule.field] : rule.do === "set_null" ? rule.fields : [];

const fieldsReadBy = (rule: Rule): string[] => [
  ...(rule.when === undefined ? [] : fieldsRead(rule.when)),
  ...(rule.do === "set" ? fieldsRead(rule.to) : []),
];

/** The column is named after the rule's reason, flag or field. A number makes a repeated name unique. */
function conditionName(rule: Rule, names: Set<string>): string | null {
  if (rule.when === undefined) return null;
  const base =
    rule.do === "reject"
      ? `rejects_${rule.reason}`
      : rule.do === "flag"
        ? `is_${rule.flag}`
        : rule.do === "set"
          ? `sets_${rule.field}`
          : (rule.flag ?? `clears_${rule.fields.join("_")}`);
  let name = base;
  for (let n = 2; names.has(name); n++) name = `${base}_${n}`;
  names.add(name);
  return name;
}

/**
 * The rules, grouped into levels. A SELECT evaluates all its columns on the same input, so the rules of one level all
 * see the row as the level before left it.
 *
 * Invariant: a rule is in a later level than each earlier rule that writes a field that it reads or writes. It is never
 * in an earlier level than an earlier rule that reads a field that it writes. So the levels give the same result as the
 * contract's order.
 */
export function ruleLevels(rules: readonly Rule[]): PlannedRule[][] {
  const levels: PlannedRule[][] = [];
  const lastWrite = new Map<string, number>();
  const lastRead = new Map<string, number>();
  const names = new Set<string>();
  for (const rule of rules) {
    const [reads, writes] = [fieldsReadBy(rule), fieldsWritten(rule)];
    const afterWrites = [...reads, ...writes].map((name) => (lastWrite.get(name) ?? -1) + 1);
    const level = Math.max(0, ...afterWrites, ...writes.map((name) => lastRead.get(name) ?? 0));
    for (const name of reads) lastRead.set(name, Math.max(level, lastRead.get(name) ?? 0));
    for (const name of writes) lastWrite.set(name, level);
    (levels[level] ??= []).push({ rule, condition: conditionName(rule, names) });
  }
  return levels;
}
