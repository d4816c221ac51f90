import { createHash } from "node:crypto";
import {
  contractTag,
  contractVersion,
  fields,
  rawFields,
  rules as contractRules,
  type Kind,
} from "../flight/contract.ts";
import { sourcePattern } from "../flight/identifiers.ts";
import type { Rule } from "../flight/expression.ts";
import { cleanQuery, lineColumns } from "./clean-query.ts";

/** What the job executes: SQL as lines, so that a change of the plan reads as one of the contract. */
export interface Plan {
  about: string;
  contract: string;
  tag: string;
  /** What the chunk's header may name. */
  source_pattern: string;
  /** The members of a row and their kinds. */
  fields: Readonly<Record<string, Kind>>;
  /** Settings under which the SQL means what it says. */
  session: Readonly<Record<string, string>>;
  /** Columns of the view `lines`, as DDL. */
  lines: string;
  /** Over `lines`. Its result is kept as the view `judged`, which the other queries read. */
  clean: readonly string[];
  accepted: readonly string[];
  rejected: readonly string[];
  counts: readonly string[];
  /** Statements of the sinks, by name. */
  statements: Readonly<Record<string, readonly string[]>>;
  hash: string;
}

const SESSION = {
  "spark.sql.ansi.enabled": "true",
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.caseSensitive": "true",
  // else a string that a raw control character breaks would end there, and what follows be read as more members
  "spark.sql.json.enablePartialResults": "false",
  "spark.sql.optimizer.enableJsonExpressionOptimization": "false",
  "spark.sql.parser.escapedStringLiterals": "false",
  // the JVM compiles no method beyond this many bytes; one method for the whole query would be interpreted for ever
  "spark.sql.codegen.hugeMethodLimit": "8000",
  // a batch written again replaces its own folders and nothing else
  "spark.sql.sources.partitionOverwriteMode": "dynamic",
  // the one that every reader of ours knows
  "spark.sql.parquet.compression.codec": "snappy",
};

/** `hours` decides where the lake keeps the batch. */
const COUNTS = `select
  delivery, reason, is_duplicate, count(*) as row_count,
  collect_set(case when reason is null and not is_duplicate then last_contact div 3600 end) as hours
from judged
group by delivery, reason, is_duplicate`;

const REJECTED = `select delivery, is_read, place, reason, field, received_at, source, row_text, row_bytes
from judged
where reason is not null`;

const accepted = (): string => `select
  ${fields.map(({ name }) => name).join(", ")}, received_at, delivery as delivery_id
from judged
where reason is null and not is_duplicate`;

/** The names of sql/statements that the job runs, in their order. */
export const planStatements = [
  "make-partitions",
  "clear-lost-stages",
  "claim-deliveries",
  "insert-staged-states",
  "merge-staged-aircraft",
  "insert-batch",
  "notify-applied",
  "count-staged",
  "clear-stage",
] as const;

/** The plan; `statements` holds the text of each name of `planStatements`. */
export function sparkPlan(
  statements: Readonly<Record<(typeof planStatements)[number], string>>,
  rules: readonly Rule[] = contractRules,
): Plan {
  const lines = (sql: string) => sql.trimEnd().split("\n");
  const plan: Omit<Plan, "hash"> = {
    about: "Derived from src/flight/contract.ts and sql/statements by `flightline contract --write .`",
    contract: contractVersion,
    tag: contractTag,
    source_pattern: sourcePattern,
    fields: Object.fromEntries(rawFields.map(({ name, kind }) => [name, kind])),
    session: SESSION,
    lines: lineColumns.map((column) => column.join(" ")).join(", "),
    clean: lines(cleanQuery(rules)),
    accepted: lines(accepted()),
    rejected: lines(REJECTED),
    counts: lines(COUNTS),
    statements: Object.fromEntries(planStatements.map((name) => [name, lines(statements[name])])),
  };
  return { ...plan, hash: createHash("sha256").update(JSON.stringify(plan)).digest("hex") };
}

/** The SQL for people: each query under its name. */
export const sparkSql = ({ clean, accepted, rejected, counts }: Plan): string =>
  Object.entries({ clean, accepted, rejected, counts })
    .map(([name, sql]) => `-- ${name}\n${sql.join("\n")};\n`)
    .join("\n");

export const planText = (plan: Plan): string => `${JSON.stringify(plan, null, 2)}\n`;
