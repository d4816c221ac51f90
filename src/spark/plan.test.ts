import { SparkSQL } from "dt-sql-parser";
import { expect, test } from "vitest";
import { rules } from "../flight/contract.ts";
import { gt, lt, lower, matches, modulo, not, type Rule } from "../flight/expression.ts";
import { cleanQuery } from "./clean-query.ts";
import { planStatements, sparkPlan } from "./plan.ts";
import { ruleLevels } from "./rule-levels.ts";

const statements = Object.fromEntries(planStatements.map((name) => [name, "select 1\n"])) as Parameters<
  typeof sparkPlan
>[0];
const errorsIn = (sql: string) => new SparkSQL().validate(sql);

test.each(["clean", "accepted", "rejected", "counts"] as const)("the query %s is valid Spark SQL", (name) => {
  expect(errorsIn(sparkPlan(statements)[name].join("\n"))).toEqual([]);
  expect(errorsIn("select case when a then b from lines")).not.toEqual([]);
});

test("changes the hash with a rule or a statement", () => {
  const { hash } = sparkPlan(statements);
  expect(sparkPlan(statements).hash).toBe(hash);
  expect(sparkPlan(statements, rules.slice(1)).hash).not.toBe(hash);
  expect(sparkPlan({ ...statements, "spark-clear-stage": "select 2" }).hash).not.toBe(hash);
});

test("gives a rule the values after earlier rules and before later rules", () => {
  const table: Rule[] = [
    { do: "flag", flag: "fast", when: gt("velocity", 1) },
    { do: "set_null", fields: ["velocity"], when: gt("velocity", 9) },
    { do: "flag", flag: "slow", when: lt("velocity", 1) },
    { do: "set", field: "icao24", to: lower("icao24") },
    { do: "set_null", fields: ["squawk"], when: lt("velocity", 1) },
  ];
  const levels = ruleLevels(table).map((level) => level.map(({ rule }) => table.indexOf(rule)));
  expect(levels).toEqual([
    [0, 1, 3],
    [2, 4],
  ]);
});

test("avoids SQL that has another meaning in Spark", () => {
  const sql = cleanQuery();
  for (const form of [
    /\btrim\(/,
    /\bround\(/,
    /get_json_object/,
    /\$'/,
    /\bupper\(/,
    /\blower\(/,
    /[^_]cast\(\w+_text/,
  ])
    expect(sql).not.toMatch(form);
  expect(() => cleanQuery([{ do: "flag", flag: "fast", when: matches("callsign", "A") }])).toThrow("not anchored");
  expect(() => cleanQuery([{ do: "set", field: "velocity", to: modulo("velocity", 0) }])).toThrow("other than zero");
  expect(cleanQuery([{ do: "flag", flag: "fast", when: not(gt("velocity", 1.5)) }])).toContain(
    "not coalesce(velocity > 1.5D, false)",
  );
});
