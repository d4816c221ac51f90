import { rawFields, type Kind } from "../flight/contract.ts";
import { select, type Stage } from "./rules-sql.ts";

/**
 * From a line of JSON to leaves. Nearly every line holds what its fields' kinds say, and is read once, typed: `row`. A line
 * that does not fit is no `row`, and is read again with every leaf as text: `leaf`; what was no text Spark renders anew. The
 * line's own hash behind it shows that it was one whole value, for Spark's reader stops at what it takes for the end.
 */
const OPTIONS = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')";
/**
 * How Spark renders a number that is not up to 15 digits alone. Text may look the same, so only then the line is read
 * again with text fields as doubles, which takes numbers and leaves text out.
 */
const RENDERED = `'^(-?[0-9]{16,}|-?[0-9]+\\\\.[0-9]+(E-?[0-9]+)?|"-?Infinity")\\\\z'`;
const TYPES: Record<Kind, string> = { text: "string", number: "double", integer: "double", boolean: "boolean" };

export const textFields = rawFields.flatMap(({ name, kind }) => (kind === "text" ? [name] : []));
/** A leaf of a text field, from whichever read. */
export const textOf = (name: string): string => `coalesce(row.${name}, leaf.${name})`;
export const looksRendered = (name: string): string => `${textOf(name)} rlike ${RENDERED}`;

const struct = (columns: readonly string[]): string => `array<struct<${columns.join(", ")}>>`;
/** The line with something behind it, as an array of the given type. */
const read = (behind: string, type: string): string =>
  `from_json(concat('[', line, ${behind}), '${type}',\n  ${OPTIONS})`;
const SENTINEL = `',{"_z":"', hash, '"}]'`;

const typed = struct([...rawFields.map(({ name, kind }) => `${name} ${TYPES[kind]}`), "_z string"]);
const leaves = struct([...rawFields.map(({ name }) => `${name} string`), "_z string"]);
/** Of a struct, not a list of them, a field that cannot be read leaves the others alone. */
const numbers = `struct<${textFields.map((name) => `${name} double`).join(", ")}>`;

const unread = `case
  when reason is not null then reason
  when row is not null or leaf is not null then null
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
    about: "every leaf as its field's kind says",
    sql: select(["*", `${read(SENTINEL, typed)} as parts`], "hashed"),
  },
  {
    name: "rows",
    about: "the row, where the line is one object and nothing else",
    sql: select(["*", "case when get(parts, 1)._z = hash then get(parts, 0) end as row"], "parsed"),
  },
  {
    name: "reparsed",
    about: "where a leaf is another, every leaf as text",
    sql: select(["*", `case when row is null then ${read(SENTINEL, leaves)} end as texts`], "rows"),
  },
  {
    name: "objects",
    about: "the same row, where the line is one object",
    sql: select(["*", "case when get(texts, 1)._z = hash then get(texts, 0) end as leaf"], "reparsed"),
  },
  {
    name: "read",
    about: "why a line is no row; and numbers in text fields, which only another look tells from text",
    sql: select([...columns.filter((column) => column !== "reason"), "row", "leaf", unread, twin], "objects"),
  },
];
