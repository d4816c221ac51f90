import { rules as contractRules } from "../flight/contract.ts";
import type { Rule } from "../flight/expression.ts";
import { IDENTITY_ORDER } from "../flight/identity.ts";
import { coercionStages } from "./coercion-sql.ts";
import { jsonStages } from "./json-sql.ts";
import { indent } from "./literal.ts";
import { flagsSql, recordColumns, rejections, ruleStages, select, type Stage } from "./rules-sql.ts";

/** The view `lines`, which the job makes from bytes: one row per line, or per chunk that cannot be split into lines. */
export const lineColumns = [
  ["delivery", "string"],
  ["sequence_number", "string"],
  ["partition_key", "string"],
  ["line_number", "int"],
  ["source", "string"],
  ["received_at", "bigint"],
  // the reason for a chunk or line that is not text
  ["reason", "string"],
  // the text
  ["line", "string"],
  // the bytes that arrived, if they are not the text
  ["bytes", "binary"],
] as const;

/** The columns of `lines` that all stages keep, with `decode_reason` in line_number of `reason`. */
const keptColumns = lineColumns.map(([name]) => (name === "reason" ? "decode_reason" : name));
const caseOf = (pairs: readonly (readonly [condition: string, result: string])[]): string =>
  `case\n${pairs.map(([condition, result]) => `  when ${condition} then ${result}`).join("\n")}\nend`;

function cleanedStage(rules: readonly Rule[], from: string): Stage {
  const rejecting = rejections(rules);
  const reason = caseOf([
    ["decode_reason is not null", "decode_reason"],
    ...rejecting.map(({ condition, reason }) => [condition, `'${reason}'`] as const),
  ]);
  const field = caseOf([
    ["decode_reason is not null", "null"],
    ...rejecting.map(({ condition, field }) => [condition, `'${field}'`] as const),
  ]);
  const columns = [
    ...keptColumns,
    ...recordColumns(),
    `${flagsSql(rules)} as flags`,
    `${reason} as reason`,
    `${field} as field`,
  ];
  return { name: "cleaned", about: "the record, or the first reason to reject it", sql: select(columns, from) };
}

const recordNames = recordColumns().map((column) => column.replace(/^.* as /, ""));

/** A rejection keeps the row as text, or as bytes when it cannot be decoded. Accepted rows have neither. */
const rejectionPayload: Stage = {
  name: "rejection_payload",
  about: "the content that a rejection keeps",
  sql: select(
    [
      ...["delivery", "sequence_number", "partition_key", "line_number", "received_at", "reason", "field"],
      "decode_reason is null as is_read",
      "case when reason is not null and coalesce(decode_reason = 'not_an_object', true) then coalesce(cast(bytes as string), line) end as row_text",
      "case when decode_reason <> 'not_an_object' then coalesce(bytes, cast(line as binary)) end as row_bytes",
      ...["source", ...recordNames, "flags"],
    ],
    "cleaned",
  ),
};

/** The outcome of each line: a rejection, an accepted row, or a duplicate of an earlier row. */
const outcome = `select
  delivery, line_number, received_at, reason, field, is_read, row_text, row_bytes,
  -- of the rows with one identity, the first to arrive is accepted and the others are duplicates
  -- a rejected row is never a duplicate
  reason is null and 1 < row_number() over (
    partition by ${IDENTITY_ORDER.join(", ")}, case when reason is not null then struct(delivery, line_number) end
    -- a sequence number has no leading zeros, so a longer one is greater
    order by length(sequence_number), sequence_number, partition_key, line_number
  ) as is_duplicate,
  source, ${recordNames.join(", ")}, flags
from ${rejectionPayload.name}`;

/** The query over the view `lines` that cleans: one row of outcome per line. */
export function cleanQuery(rules: readonly Rule[] = contractRules): string {
  const coercion = [...jsonStages(lineColumns.map(([name]) => name)), ...coercionStages(keptColumns)];
  const ruleSteps = ruleStages(rules, { columns: keptColumns, from: coercion.at(-1)?.name ?? "" });
  const stages = [...coercion, ...ruleSteps, cleanedStage(rules, ruleSteps.at(-1)?.name ?? ""), rejectionPayload];
  const subqueries = stages.map(({ name, about, sql }) => `-- ${about}\n${name} as (\n${indent(sql)}\n)`);
  return `with\n${subqueries.join(",\n")}\n${outcome}`;
}
