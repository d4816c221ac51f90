import { createHash } from "node:crypto";
import {
  contractTag,
  contractVersion,
  fields,
  rawFields,
  rules as contractRules,
  type Kind,
} from "../flight/contract.ts";
import type { Rule } from "../flight/expression.ts";
import { sourcePattern, DEFAULT_SOURCE } from "../flight/identifiers.ts";
import { NEWEST_ORDER } from "../flight/newest.ts";
import { manifestsPrefix, PREFIXES, rejectedPrefix } from "../flow/objects/keys.ts";
import { cleanQuery, lineColumns } from "./clean-query.ts";

/**
 * The plan is the contract in the form that the Spark job executes. SQL is stored as lines, so that a change of the
 * contract is readable in a diff of glue/plan.json.
 */
export interface Plan {
  about: string;
  contract: string;
  tag: string;
  /** Pattern of the source in a chunk's header. */
  source_pattern: string;
  /** The source of chunks that name none, if the job is not given another. */
  default_source: string;
  /** The members of an input row and their kinds. */
  fields: Readonly<Record<string, Kind>>;
  /** Prefixes of object keys, relative to the object store, for the stream flow. */
  prefixes: Readonly<Record<"rejected" | "manifests" | "lake_hours" | "lake_mixed" | "checkpoints", string>>;
  /** Fields by which an aircraft's rows are ordered. The greatest is the newest. */
  newest_order: readonly string[];
  /** Settings of the Spark session. With other values, the SQL has another meaning. */
  session: Readonly<Record<string, string>>;
  /** Columns of the view `lines`, as DDL. */
  lines: string;
  /** The query over `lines`. The job caches its result as the view `outcomes`, which the other queries read. */
  clean: readonly string[];
  accepted: readonly string[];
  rejected: readonly string[];
  counts: readonly string[];
  /** PostgreSQL statements of the job, by name. */
  statements: Readonly<Record<string, readonly string[]>>;
  hash: string;
}

const SESSION = {
  "spark.sql.ansi.enabled": "true",
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.caseSensitive": "true",
  // otherwise Spark ends a string at a raw control character, and reads the rest of it as further members
  "spark.sql.json.enablePartialResults": "false",
  "spark.sql.optimizer.enableJsonExpressionOptimization": "false",
  "spark.sql.parser.escapedStringLiterals": "false",
  // bytes; the JVM does not compile larger methods, and would interpret one method for the whole query
  "spark.sql.codegen.hugeMethodLimit": "8000",
  // a repeated batch replaces its own folders only
  "spark.sql.sources.partitionOverwriteMode": "dynamic",
  // all readers of the lake support it
  "spark.sql.parquet.compression.codec": "snappy",
};

/** `hours` selects the folder of the batch in the lake. */
const COUNTS = `select
  delivery, reason, is_duplicate, count(*) as row_count,
  collect_set(case when reason is null and not is_duplicate then last_contact div 3600 end) as hours
from outcomes
group by delivery, reason, is_duplicate`;

const REJECTED = `select delivery, is_read, line_number, reason, field, received_at, source, row_text, row_bytes
from outcomes
where reason is not null`;

const accepted = (): string => `select
  ${fields.map(({ name }) => name).join(", ")}, received_at, delivery as delivery_id
from outcomes
where reason is null and not is_duplicate`;

/** Names in sql/statements of the statements that the job executes, in order. */
export const planStatements = [
  "make-partitions",
  "spark-clear-lost-stages",
  "claim-deliveries",
  "spark-insert-states",
  "spark-merge-aircraft",
  "insert-batch",
  "notify-applied",
  "spark-count-stage",
  "spark-clear-stage",
] as const;

/** `statements` contains the text of each statement in `planStatements`. */
export function sparkPlan(
  statements: Readonly<Record<(typeof planStatements)[number], string>>,
  rules: readonly Rule[] = contractRules,
): Plan {
  const linesOf = (sql: string) => sql.trimEnd().split("\n");
  const plan: Omit<Plan, "hash"> = {
    about: "Generated from src/flight/contract.ts and sql/statements by `flightline contract --write .`",
    contract: contractVersion,
    tag: contractTag,
    source_pattern: sourcePattern,
    default_source: DEFAULT_SOURCE,
    prefixes: {
      rejected: rejectedPrefix("stream"),
      manifests: manifestsPrefix("stream"),
      lake_hours: PREFIXES.lakeHours,
      lake_mixed: PREFIXES.lakeMixed,
      checkpoints: PREFIXES.checkpoints,
    },
    newest_order: NEWEST_ORDER,
    fields: Object.fromEntries(rawFields.map(({ name, kind }) => [name, kind])),
    session: SESSION,
    lines: lineColumns.map((column) => column.join(" ")).join(", "),
    clean: linesOf(cleanQuery(rules)),
    accepted: linesOf(accepted()),
    rejected: linesOf(REJECTED),
    counts: linesOf(COUNTS),
    statements: Object.fromEntries(planStatements.map((name) => [name, linesOf(statements[name])])),
  };
  return { ...plan, hash: createHash("sha256").update(JSON.stringify(plan)).digest("hex") };
}

/** The queries as readable SQL, each below its name. */
export const sparkSql = ({ clean, accepted, rejected, counts }: Plan): string =>
  Object.entries({ clean, accepted, rejected, counts })
    .map(([name, sql]) => `-- ${name}\n${sql.join("\n")};\n`)
    .join("\n");

export const planText = (plan: Plan): string => `${JSON.stringify(plan, null, 2)}\n`;
