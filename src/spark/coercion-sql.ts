import { rawFields, type Kind } from "../flight/contract.ts";
import { LOWER, UPPER } from "./expression-sql.ts";
import { looksRendered, textFields, textOf } from "./json-sql.ts";
import { textLiteral } from "./literal.ts";
import { select, type Stage } from "./rules-sql.ts";

/**
 * From leaves to values. Each field becomes a value of its kind, null, or unusable: it was present, but has no value of
 * its kind. The contract requires these casts and no others.
 */
const NUMBER = "'^[+-]?([0-9]+(\\\\.[0-9]*)?|\\\\.[0-9]+)([eE][+-]?[0-9]+)?\\\\z'";
/** U+0000 to U+0020. */
const BLANK = textLiteral(Array.from({ length: 33 }, (_, code) => String.fromCharCode(code)).join(""));
const MAX_EXACT = `${Number.MAX_SAFE_INTEGER}D`;
const otherFields = rawFields.filter(({ kind }) => kind !== "text");

/** `columns` are those of the stage `decoded` that all later stages keep. */
export const coercionStages = (columns: readonly string[]): Stage[] => [
  {
    name: "trimmed",
    about: "text without surrounding blanks",
    sql: select([...columns, "typed_row", ...trims()], "decoded"),
  },
  { name: "numbers", about: "numbers, including those in text", sql: select(["*", ...numbers()], "trimmed") },
  { name: "coerced", about: "values by kind, or null", sql: select(["*", ...values()], "numbers") },
  {
    name: "values_0",
    about: "a leaf without a value is unusable",
    sql: select([...columns, ...rawFields.flatMap(({ name, kind }) => [name, unusable(name, kind)])], "coerced"),
  },
];

const trims = (): string[] => [
  ...textFields.flatMap((name) => [
    `btrim(${textOf(name)}, ${BLANK}) as ${name}_text`,
    `case when number_row is not null and ${looksRendered(name)} then number_row.${name} end as ${name}_number`,
  ]),
  ...otherFields.map(({ name }) => `btrim(text_row.${name}, ${BLANK}) as ${name}_text`),
];

/** The pattern comes before the cast, because the cast accepts more spellings. */
const numbers = (): string[] =>
  otherFields.map(({ name, kind }) => {
    const cast = `case when ${name}_text rlike ${NUMBER} then try_cast(${name}_text as double) end`;
    return `${kind === "boolean" ? cast : `coalesce(typed_row.${name}, ${cast})`} as ${name}_number`;
  });

const valueOf: Record<Kind, (name: string) => string> = {
  text: (name) => `case
  when ${name}_number is null then case when not ${name}_text rlike '^[{\\\\[]' then ${name}_text end
  when abs(${name}_number) <= ${MAX_EXACT} and ${name}_number = floor(${name}_number)
    then cast(cast(${name}_number as bigint) as string)
end`,
  number: (name) => `case when abs(${name}_number) < double('Infinity') then ${name}_number + 0.0D end`,
  // for a number outside BIGINT, floor would return the nearest BIGINT
  integer: (name) => `case when abs(${name}_number) <= ${MAX_EXACT} then floor(${name}_number) end`,
  boolean: (name) => `case
  when typed_row.${name} is not null then typed_row.${name}
  when translate(${name}_text, '${UPPER}', '${LOWER}') in ('true', 't') or ${name}_number = 1 then true
  when translate(${name}_text, '${UPPER}', '${LOWER}') in ('false', 'f') or ${name}_number = 0 then false
end`,
};
const values = (): string[] => rawFields.map(({ name, kind }) => `${valueOf[kind](name)} as ${name}`);

/** Empty text is null, except in a field of kind text. */
const unusable = (name: string, kind: Kind): string =>
  kind === "text"
    ? `${name}_text is not null and ${name} is null as ${name}_unusable`
    : `${name} is null and (typed_row.${name} is not null or coalesce(${name}_text <> '', false)) as ${name}_unusable`;
