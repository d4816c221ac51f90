import { fields, flagNames, rawFields } from "../flight/contract.ts";
import type { Expression, Rule } from "../flight/expression.ts";
import { expressionSql, fieldsRead, unknownAsFalse } from "./expression-sql.ts";
import { indent } from "./literal.ts";
import { ruleLevels, type PlannedRule } from "./rule-levels.ts";

/** A named subquery (common table expression) of the query: `name as (sql)`. */
export interface Stage {
  name: string;
  /** Becomes the SQL comment above the stage. */
  about: string;
  sql: string;
}

interface RuleInput {
  /** Columns that the rules do not change, and that all stages keep. */
  columns: readonly string[];
  /** The stage that the rules read. */
  from: string;
}

const names: readonly string[] = rawFields.map(({ name }) => name);

/** Two stages per level: first the conditions of its rules, then the values of the fields after it. */
export function ruleStages(rules: readonly Rule[], { columns, from }: RuleInput): Stage[] {
  const stages: Stage[] = [];
  const conditions: string[] = [];
  const unusable = new Set(names);
  let before = from;
  ruleLevels(rules).forEach((level, i) => {
    const conditional = level.filter(({ condition }) => condition !== null);
    if (conditional.length > 0) {
      stages.push(conditionStage(conditional, { name: `conditions_${i + 1}`, before, unusable }));
      before = `conditions_${i + 1}`;
      conditions.push(...conditional.map(({ condition }) => condition ?? ""));
    }
    if (level.every(({ rule }) => rule.do === "reject" || rule.do === "flag")) return;
    stages.push(valueStage(level, { name: `values_${i + 1}`, before, unusable, kept: [...columns, ...conditions] }));
    before = `values_${i + 1}`;
  });
  return stages;
}

interface StageOptions {
  name: string;
  /** The name of the stage before. */
  before: string;
  /** Fields that may be unusable, so that they have the column `<field>_unusable`. */
  unusable: Set<string>;
}

function conditionStage(level: readonly PlannedRule[], { name, before, unusable }: StageOptions): Stage {
  const columns = level.map(({ rule: { when }, condition }) =>
    when === undefined ? "" : `${unknownAsFalse(when, unusable)} as ${condition}`,
  );
  return { name, about: "the conditions of the rules, for the values so far", sql: select(["*", ...columns], before) };
}

/** Removes from `unusable` the fields that the level makes usable. */
function valueStage(
  level: readonly PlannedRule[],
  { name, before, unusable, kept }: StageOptions & { kept: string[] },
): Stage {
  const columns = [...kept];
  const usable: string[] = [];
  for (const field of names) {
    const writer = level.find(({ rule }) => writes(rule, field));
    columns.push(writer === undefined ? field : newValue(field, writer, unusable));
    if (!unusable.has(field)) continue;
    const column = writer === undefined ? `${field}_unusable` : stillUnusable(field, writer, unusable);
    if (column === null) usable.push(field);
    else columns.push(column);
  }
  for (const field of usable) unusable.delete(field);
  return { name, about: "the values after these rules", sql: select(columns, before) };
}

const writes = (rule: Rule, field: string): boolean =>
  rule.do === "set" ? rule.field === field : rule.do === "set_null" && rule.fields.includes(field);

function newValue(field: string, { rule, condition }: PlannedRule, unusable: ReadonlySet<string>): string {
  const to = rule.do === "set" ? expressionSql(rule.to, unusable) : "null";
  if (condition === null) return `${to} as ${field}`;
  const otherwise =
    to === "null" ? `when not ${condition} then ${field}` : `when ${condition} then ${to} else ${field}`;
  return `case ${otherwise} end as ${field}`;
}

/** The column `<field>_unusable` after the rule; null when the rule leaves no unusable value. */
function stillUnusable(field: string, { rule, condition }: PlannedRule, unusable: Set<string>): string | null {
  const old = `${field}_unusable`;
  if (rule.do === "set_null")
    return includesUnusable(rule.when, field) || condition === null ? null : `${old} and not ${condition} as ${old}`;
  if (rule.do !== "set") return old;
  const read = fieldsRead(rule.to).filter((name) => unusable.has(name));
  const written = read.length === 0 ? "false" : read.map((name) => `${name}_unusable`).join(" or ");
  if (condition === null) return written === "false" ? null : written === old ? old : `${written} as ${old}`;
  return `case when ${condition} then ${written} else ${old} end as ${old}`;
}

/** Whether the form of the condition shows that it is true for each unusable value of the field. */
const includesUnusable = (when: Expression, field: string): boolean =>
  when.op === "is_unusable"
    ? when.name === field
    : when.op === "or" && when.of.some((operand) => includesUnusable(operand, field));

/** Condition, reason and field of each rejection, in the contract's order, for a `case`. */
export const rejections = (rules: readonly Rule[]): { condition: string; reason: string; field: string }[] =>
  plannedRules(rules).flatMap(({ rule, condition }) =>
    rule.do === "reject" && condition !== null ? [{ condition, reason: rule.reason, field: rule.field }] : [],
  );

/** The names of the flags that are set, in alphabetical order. */
export function flagsSql(rules: readonly Rule[]): string {
  const all = plannedRules(rules);
  const parts = flagNames.map((flag) => {
    const set = all.filter(({ rule }) => "flag" in rule && rule.flag === flag).map(({ condition }) => condition);
    return `case when ${set.join(" or ")} then '${flag}' end`;
  });
  return `concat_ws(',',\n${indent(parts.join(",\n"))}\n)`;
}

/** The rules in the contract's order, with the columns of their conditions. */
const plannedRules = (rules: readonly Rule[]): PlannedRule[] => {
  const byRule = new Map(
    ruleLevels(rules).flatMap((level) => level.map((planned) => [planned.rule, planned] as const)),
  );
  return rules.flatMap((rule) => byRule.get(rule) ?? []);
};

/** A SELECT with one line per column. */
export const select = (columns: readonly string[], from: string): string =>
  `select\n${indent(columns.join(",\n"))}\nfrom ${from}`;

/** The columns of the stored record. An integer that Parquet stores as INT32 is cast to INT. */
export const recordColumns = (): string[] =>
  fields.flatMap(({ name, parquet }) =>
    name === "source" || name === "flags" ? [] : [parquet === "INT32" ? `cast(${name} as int) as ${name}` : name],
  );
