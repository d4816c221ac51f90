import { rawFields, type Kind } from "../flight/contract.ts";
import { select, type Stage } from "./rules-sql.ts";

/**
 * From a line of JSON to its leaves, in up to three reads:
 *
 * - `typed_row`: each field by its kind. Nearly every line fits, and needs this read only. - `text_row`: each leaf as
 * text, for a line that does not fit. Spark renders again the leaves that are not text. - `number_row`: the text fields
 * as doubles, for a line in which a leaf looks like a rendered number.
 *
 * Spark's reader stops at the presumed end of the value. The line's own hash, appended to it, shows that the line is
 * one complete value.
 */
const OPTIONS = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')";
/**
 * Matches the text that Spark renders for a number, except for whole numbers of up to 15 digits, which need no further
 * read. Text can look the same. The third read distinguishes the two, because a double accepts numbers and omits text.
 */
const RENDERED = `'^(-?[0-9]{16,}|-?[0-9]+\\\\.[0-9]+(E-?[0-9]+)?|"-?Infinity")\\\\z'`;
const TYPES: Record<Kind, string> = { text: "string", number: "double", integer: "double", boolean: "boolean" };

export const textFields = rawFields.flatMap(({ name, kind }) => (kind === "text" ? [name] : []));
/** The leaf of a text field. At most one of the two reads gives it. */
export const textOf = (name: string): string => `coalesce(typed_row.${name}, text_row.${name})`;
export const looksRendered = (name: string): string => `${textOf(name)} rlike ${RENDERED}`;

const arrayOfStructs = (columns: readonly string[]): string => `array<struct<${columns.join(", ")}>>`;
/** Reads an array of the line and `suffix` as `type`. */
const readWith = (suffix: string, type: string): string =>
  `from_json(concat('[', line, ${suffix}), '${type}',\n  ${OPTIONS})`;
const SENTINEL = `',{"_z":"', hash, '"}]'`;

const typedRows = arrayOfStructs([...rawFields.map(({ name, kind }) => `${name} ${TYPES[kind]}`), "_z string"]);
const textRows = arrayOfStructs([...rawFields.map(({ name }) => `${name} string`), "_z string"]);
/**
 * A plain struct, because a field that cannot be read then does not affect the others. In an array of structs it does.
 */
const numberRow = `struct<${textFields.map((name) => `${name} double`).join(", ")}>`;

const decodeReason = `case
  when reason is not null then reason
  when typed_row is not null or text_row is not null then null
  when get(${readWith(`',"', hash, '"]'`, "array<string>")}, 1) = hash then 'not_an_object'
  else 'not_json'
end as decode_reason`;
const numbersInText = `case
  when ${textFields.map(looksRendered).join("\n    or ")}
  then from_json(line, '${numberRow}', ${OPTIONS})
end as number_row`;

/** `columns` are those of the view `lines`. The stages keep them, except that `decode_reason` replaces `reason`. */
export const jsonStages = (columns: readonly string[]): Stage[] => [
  {
    name: "hashed",
    about: "a hash of the line, which the line itself cannot end with",
    sql: select(["*", "sha2(cast(line as binary), 256) as hash"], "lines"),
  },
  {
    name: "parsed_typed",
    about: "each leaf by the kind of its field",
    sql: select(["*", `${readWith(SENTINEL, typedRows)} as typed_parts`], "hashed"),
  },
  {
    name: "typed_rows",
    about: "the row, if the line is exactly one object",
    sql: select(
      ["*", "case when get(typed_parts, 1)._z = hash then get(typed_parts, 0) end as typed_row"],
      "parsed_typed",
    ),
  },
  {
    name: "parsed_text",
    about: "each leaf as text, if a leaf is not of its field's kind",
    sql: select(
      ["*", `case when typed_row is null then ${readWith(SENTINEL, textRows)} end as text_parts`],
      "typed_rows",
    ),
  },
  {
    name: "text_rows",
    about: "the same row, if the line is exactly one object",
    sql: select(["*", "case when get(text_parts, 1)._z = hash then get(text_parts, 0) end as text_row"], "parsed_text"),
  },
  {
    name: "decoded",
    about:
      "the reason for a line without a row, and the numbers in text fields, which only another read separates from text",
    sql: select(
      [...columns.filter((column) => column !== "reason"), "typed_row", "text_row", decodeReason, numbersInText],
      "text_rows",
    ),
  },
];
