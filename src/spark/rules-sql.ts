import { fields, flagNames, rawFields } from "../flight/contract.ts";
import type { Expression, Rule } from "../flight/expression.ts";
import { expressionSql, fieldsRead, settled } from "./expression-sql.ts";
import { indent } from "./literal.ts";
import { ruleLevels, type PlacedRule } from "./rule-levels.ts";

/** A named part of the query: `name as (sql)`. */
export interface Stage {
  name: string;
  about: string;
  sql: string;
}

/** Columns that go through the rules untouched. */
interface Carried {
  columns: readonly string[];
  /** The stage that the rules read. */
  from: string;
}

const names: readonly string[] = rawFields.map(({ name }) => name);

/** Two stages a level: what holds, then what becomes of the fields by it. */
export function ruleStages(rules: readonly Rule[], { columns, from }: Carried): Stage[] {
  const stages: Stage[] = [];
  const conditions: string[] = [];
  const unusable = new Set(names);
  let before = from;
  ruleLevels(rules).forEach((level, i) => {
    const asked = level.filter(({ condition }) => condition !== null);
    if (asked.length > 0) {
      stages.push(conditionStage(asked, { name: `holds_${i + 1}`, before, unusable }));
      before = `holds_${i + 1}`;
      conditions.push(...asked.map(({ condition }) => condition ?? ""));
    }
    if (level.every(({ rule }) => rule.do === "reject" || rule.do === "flag")) return;
    stages.push(valueStage(level, { name: `values_${i + 1}`, before, unusable, kept: [...columns, ...conditions] }));
    before = `values_${i + 1}`;
  });
  return stages;
}

interface At {
  name: string;
  before: string;
  unusable: Set<string>;
}

function conditionStage(level: readonly PlacedRule[], { name, before, unusable }: At): Stage {
  const columns = level.map(({ rule: { when }, condition }) =>
    when === undefined ? "" : `${settled(when, unusable)} as ${condition}`,
  );
  return { name, about: "what holds of the values so far", sql: select(["*", ...columns], before) };
}

/** Also takes from `unusable` the fields that can no longer be so. */
function valueStage(level: readonly PlacedRule[], { name, before, unusable, kept }: At & { kept: string[] }): Stage {
  const columns = [...kept];
  const usable: string[] = [];
  for (const field of names) {
    const writer = level.find(({ rule }) => writes(rule, field));
    columns.push(writer === undefined ? field : newValue(field, writer, unusable));
    if (!unusable.has(field)) continue;
    const left = writer === undefined ? `${field}_unusable` : stillUnusable(field, writer, unusable);
    if (left === null) usable.push(field);
    else columns.push(left);
  }
  for (const field of usable) unusable.delete(field);
  return { name, about: "what the values become by it", sql: select(columns, before) };
}

const writes = (rule: Rule, field: string): boolean =>
  rule.do === "set" ? rule.field === field : rule.do === "set_null" && rule.fields.includes(field);

function newValue(field: string, { rule, condition }: PlacedRule, unusable: ReadonlySet<string>): string {
  const to = rule.do === "set" ? expressionSql(rule.to, unusable) : "null";
  if (condition === null) return `${to} as ${field}`;
  const otherwise =
    to === "null" ? `when not ${condition} then ${field}` : `when ${condition} then ${to} else ${field}`;
  return `case ${otherwise} end as ${field}`;
}

/** The column that tells it after the rule; null when the rule leaves nothing unusable. */
function stillUnusable(field: string, { rule, condition }: PlacedRule, unusable: Set<string>): string | null {
  const old = `${field}_unusable`;
  if (rule.do === "set_null")
    return holdsWhenUnusable(rule.when, field) || condition === null ? null : `${old} and not ${condition} as ${old}`;
  if (rule.do !== "set") return old;
  const read = fieldsRead(rule.to).filter((name) => unusable.has(name));
  const fresh = read.length === 0 ? "false" : read.map((name) => `${name}_unusable`).join(" or ");
  if (condition === null) return fresh === "false" ? null : fresh === old ? old : `${fresh} as ${old}`;
  return `case when ${condition} then ${fresh} else ${old} end as ${old}`;
}

/** Whether the condition names the field's being unusable as enough. */
const holdsWhenUnusable = (when: Expression, field: string): boolean =>
  when.op === "is_unusable"
    ? when.name === field
    : when.op === "or" && when.of.some((of) => holdsWhenUnusable(of, field));

/** Reason and field of the first rejection that holds, for a `case`. */
export const rejections = (rules: readonly Rule[]): { condition: string; reason: string; field: string }[] =>
  placed(rules).flatMap(({ rule, condition }) =>
    rule.do === "reject" && condition !== null ? [{ condition, reason: rule.reason, field: rule.field }] : [],
  );

/** The text of the flags: those that were set, in the order of their names. */
export function flagsSql(rules: readonly Rule[]): string {
  const all = placed(rules);
  const parts = flagNames.map((flag) => {
    const set = all.filter(({ rule }) => "flag" in rule && rule.flag === flag).map(({ condition }) => condition);
    return `case when ${set.join(" or ")} then '${flag}' end`;
  });
  return `concat_ws(',',\n${indent(parts.join(",\n"))}\n)`;
}

/** In the contract's order, with the names of the conditions. */
const placed = (rules: readonly Rule[]): PlacedRule[] => {
  const byRule = new Map(ruleLevels(rules).flatMap((level) => level.map((one) => [one.rule, one] as const)));
  return rules.flatMap((rule) => byRule.get(rule) ?? []);
};

/** A SELECT with a column a line. */
export const select = (columns: readonly string[], from: string): string =>
  `select\n${indent(columns.join(",\n"))}\nfrom ${from}`;

/** The record as it is stored: integers narrowed to what Parquet keeps. */
export const recordColumns = (): string[] =>
  fields.flatMap(({ name, parquet }) =>
    name === "source" || name === "flags" ? [] : [parquet === "INT32" ? `cast(${name} as int) as ${name}` : name],
  );
