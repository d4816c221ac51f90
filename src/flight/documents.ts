import {
  contractVersion,
  decodeReasons,
  fields,
  flagNames,
  ruleReasons,
  systemFields,
  type Field,
} from "./contract.ts";
import { rawRowSchema, stateVectorSchema, storedRowSchema } from "./json-schema.ts";

/** What derives from the contract as text; the files among it are checked in, and a test finds a stale one. */

const row = ({ name, kind, nullable, unit, parquet, about }: Field): string =>
  `| ${name} | ${kind}${nullable ? " or null" : ""} | ${unit ?? ""} | ${parquet} | ${about} |\n`;

/** The record as a Markdown table, with reasons and flags. */
export const fieldTable = (): string => `# The record

Derived from src/flight/contract.ts by \`flightline contract --write .\`; contract ${contractVersion.slice(0, 8)}.

| field | kind | unit | Parquet | meaning |
|---|---|---|---|---|
${fields.map(row).join("")}
The store adds, after the record:

| field | kind | unit | Parquet | meaning |
|---|---|---|---|---|
${systemFields.map(row).join("")}
Reasons of rejection: ${[...decodeReasons, ...ruleReasons].map((reason) => `\`${reason}\``).join(", ")}.

Flags: ${flagNames.map((flag) => `\`${flag}\``).join(", ")}.
`;

/** Parquet's columns, one a line. */
export const parquetColumns = (): string =>
  [...fields, ...systemFields].map(({ name, parquet }) => `${name} ${parquet}\n`).join("");

/** JSON Schemas of the raw row, the record and the stored row. */
export const jsonSchemas = (): string =>
  `${JSON.stringify({ contract: contractVersion, raw_row: rawRowSchema, state_vector: stateVectorSchema, stored_row: storedRowSchema }, null, 2)}\n`;
