import { rawFields, type Kind } from "../flight/contract.ts";
import { LOWER, UPPER } from "./expression-sql.ts";
import { looksRendered, textFields, textOf } from "./json-sql.ts";
import { textLiteral } from "./literal.ts";
import { select, type Stage } from "./rules-sql.ts";

/** From leaves to a value, null or unusable, by the field's kind: the only casts there are. */
const NUMBER = "'^[+-]?([0-9]+(\\\\.[0-9]*)?|\\\\.[0-9]+)([eE][+-]?[0-9]+)?\\\\z'";
/** U+0000 to U+0020. */
const BLANK = textLiteral(Array.from({ length: 33 }, (_, code) => String.fromCharCode(code)).join(""));
const MAX_EXACT = `${Number.MAX_SAFE_INTEGER}D`;
const others = rawFields.filter(({ kind }) => kind !== "text");

/** `columns` are those of the stage `read` that are carried on. */
export const coercionStages = (columns: readonly string[]): Stage[] => [
  { name: "trimmed", about: "text without blanks around it", sql: select([...columns, "row", ...trims()], "read") },
  { name: "numbers", about: "what is a number, also in text", sql: select(["*", ...numbers()], "trimmed") },
  { name: "coerced", about: "values by kind; null where there is none", sql: select(["*", ...values()], "numbers") },
  {
    name: "values_0",
    about: "what was there and has no value is unusable",
    sql: select([...columns, ...rawFields.flatMap(({ name, kind }) => [name, unusable(name, kind)])], "coerced"),
  },
];

const trims = (): string[] => [
  ...textFields.flatMap((name) => [
    `btrim(${textOf(name)}, ${BLANK}) as ${name}_text`,
    `case when twin is not null and ${looksRendered(name)} then twin.${name} end as ${name}_number`,
  ]),
  ...others.map(({ name }) => `btrim(leaf.${name}, ${BLANK}) as ${name}_text`),
];

/** The pattern stands before the cast, which knows more spellings. */
const numbers = (): string[] =>
  others.map(({ name, kind }) => {
    const cast = `case when ${name}_text rlike ${NUMBER} then try_cast(${name}_text as double) end`;
    return `${kind === "boolean" ? cast : `coalesce(row.${name}, ${cast})`} as ${name}_number`;
  });

const valueOf: Record<Kind, (name: string) => string> = {
  text: (name) => `case
  when ${name}_number is null then case when not ${name}_text rlike '^[{\\\\[]' then ${name}_text end
  when abs(${name}_number) <= ${MAX_EXACT} and ${name}_number = floor(${name}_number)
    then cast(cast(${name}_number as bigint) as string)
end`,
  number: (name) => `case when abs(${name}_number) < double('Infinity') then ${name}_number + 0.0D end`,
  // beyond, floor would answer the greatest BIGINT
  integer: (name) => `case when abs(${name}_number) <= ${MAX_EXACT} then floor(${name}_number) end`,
  boolean: (name) => `case
  when row.${name} is not null then row.${name}
  when translate(${name}_text, '${UPPER}', '${LOWER}') in ('true', 't') or ${name}_number = 1 then true
  when translate(${name}_text, '${UPPER}', '${LOWER}') in ('false', 'f') or ${name}_number = 0 then false
end`,
};
const values = (): string[] => rawFields.map(({ name, kind }) => `${valueOf[kind](name)} as ${name}`);

/** Empty text is null in every kind but text. */
const unusable = (name: string, kind: Kind): string =>
  kind === "text"
    ? `${name}_text is not null and ${name} is null as ${name}_unusable`
    : `${name} is null and (row.${name} is not null or coalesce(${name}_text <> '', false)) as ${name}_unusable`;
