import { rules as contractRules } from "../flight/contract.ts";
import type { Rule } from "../flight/expression.ts";
import { coercionStages } from "./coercion-sql.ts";
import { jsonStages } from "./json-sql.ts";
import { indent } from "./literal.ts";
import { flagsSql, recordColumns, rejections, ruleStages, select, type Stage } from "./rules-sql.ts";

/** The view `lines`, which the runner makes of bytes: a row per line, or per chunk that could not be read as lines. */
export const lineColumns = [
  ["delivery", "string"],
  ["sequence_number", "string"],
  ["partition_key", "string"],
  ["place", "int"],
  ["source", "string"],
  ["received_at", "bigint"],
  // why it is no line of text
  ["reason", "string"],
  // what is read of it
  ["line", "string"],
  // what arrived, where that is something else
  ["bytes", "binary"],
] as const;

const carried = lineColumns.map(([name]) => (name === "reason" ? "unread" : name));
const caseOf = (pairs: readonly (readonly [condition: string, result: string])[]): string =>
  `case\n${pairs.map(([condition, result]) => `  when ${condition} then ${result}`).join("\n")}\nend`;

function cleanedStage(rules: readonly Rule[], from: string): Stage {
  const rejecting = rejections(rules);
  const reason = caseOf([
    ["unread is not null", "unread"],
    ...rejecting.map(({ condition, reason }) => [condition, `'${reason}'`] as const),
  ]);
  const field = caseOf([
    ["unread is not null", "null"],
    ...rejecting.map(({ condition, field }) => [condition, `'${field}'`] as const),
  ]);
  const columns = [
    ...carried,
    ...recordColumns(),
    `${flagsSql(rules)} as flags`,
    `${reason} as reason`,
    `${field} as field`,
  ];
  return { name: "cleaned", about: "the record, or the first reason against it", sql: select(columns, from) };
}

const recordNames = recordColumns().map((column) => column.replace(/^.* as /, ""));

/** What a rejection keeps: the row as text, or what could not be read as bytes. Accepted rows carry neither any further. */
const told: Stage = {
  name: "told",
  about: "what is kept of a rejection",
  sql: select(
    [
      ...["delivery", "sequence_number", "partition_key", "place", "received_at", "reason", "field"],
      "unread is null as is_read",
      "case when reason is not null and coalesce(unread = 'not_an_object', true) then coalesce(cast(bytes as string), line) end as row_text",
      "case when unread <> 'not_an_object' then coalesce(bytes, cast(line as binary)) end as row_bytes",
      ...["source", ...recordNames, "flags"],
    ],
    "cleaned",
  ),
};

/** Every line's outcome: a rejection, an accepted row, or the duplicate of an earlier one. */
const outcome = `select
  delivery, place, received_at, reason, field, is_read, row_text, row_bytes,
  -- one identity is one observation: the first to arrive stays; a rejected row is nobody's duplicate
  reason is null and 1 < row_number() over (
    partition by source, icao24, last_contact, time_position, case when reason is not null then struct(delivery, place) end
    -- of numbers without leading zeros the longer is the greater
    order by length(sequence_number), sequence_number, partition_key, place
  ) as is_duplicate,
  source, ${recordNames.join(", ")}, flags
from told`;

/** The query over `lines` that cleans. */
export function cleanQuery(rules: readonly Rule[] = contractRules): string {
  const coercion = [...jsonStages(lineColumns.map(([name]) => name)), ...coercionStages(carried)];
  const ruled = ruleStages(rules, { columns: carried, from: coercion.at(-1)?.name ?? "" });
  const stages = [...coercion, ...ruled, cleanedStage(rules, ruled.at(-1)?.name ?? ""), told];
  const parts = stages.map(({ name, about, sql }) => `-- ${about}\n${name} as (\n${indent(sql)}\n)`);
  return `with\n${parts.join(",\n")}\n${outcome}`;
}
