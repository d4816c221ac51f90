import { rawFields } from "../flight/contract.ts";
import { select, type Stage } from "./rules-sql.ts";

/**
 * From a line of JSON to leaves as text; what was no text Spark renders anew. The line's own hash behind it shows that it
 * was one whole value, for Spark's reader stops at what it takes for the end.
 */
const OPTIONS = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')";
/**
 * How Spark renders a number that is not up to 15 digits alone. Text may look the same, so only then the line is read a
 * second time with text fields as doubles, which takes numbers and leaves text out.
 */
const RENDERED = `'^(-?[0-9]{16,}|-?[0-9]+\\\\.[0-9]+(E-?[0-9]+)?|"-?Infinity")\\\\z'`;

export const textFields = rawFields.flatMap(({ name, kind }) => (kind === "text" ? [name] : []));
export const looksRendered = (name: string): string => `leaf.${name} rlike ${RENDERED}`;

const struct = (columns: readonly string[]): string => `array<struct<${columns.join(", ")}>>`;
/** The line with something behind it, as an array of the given type. */
const read = (behind: string, type: string): string =>
  `from_json(concat('[', line, ${behind}), '${type}',\n  ${OPTIONS})`;

const leaves = struct([...rawFields.map(({ name }) => `${name} string`), "_z string"]);
/** Of a struct, not a list of them, a field that cannot be read leaves the others alone. */
const numbers = `struct<${textFields.map((name) => `${name} double`).join(", ")}>`;

const unread = `case
  when reason is not null then reason
  when leaf is not null then null
  when get(${read(`',"', hash, '"]'`, "array<string>")}, 1) = hash then 'not_an_object'
  else 'not_json'
end as unread`;
const twin = `case
  when ${textFields.map(looksRendered).join("\n    or ")}
  then from_json(line, '${numbers}', ${OPTIONS})
end as twin`;

/** `columns` are those of the view `lines`, carried on; `reason` becomes `unread`. */
export const jsonStages = (columns: readonly string[]): Stage[] => [
  {
    name: "hashed",
    about: "text that no line can hold at its own end",
    sql: select(["*", "sha2(cast(line as binary), 256) as hash"], "lines"),
  },
  {
    name: "parsed",
    about: "every leaf as text",
    sql: select(["*", `${read(`',{"_z":"', hash, '"}]'`, leaves)} as parts`], "hashed"),
  },
  {
    name: "objects",
    about: "the row, where the line is one object and nothing else",
    sql: select(["*", "case when get(parts, 1)._z = hash then get(parts, 0) end as leaf"], "parsed"),
  },
  {
    name: "read",
    about: "why a line is no row; and numbers in text fields, which only a second look tells from text",
    sql: select([...columns.filter((column) => column !== "reason"), "leaf", unread, twin], "objects"),
  },
];
