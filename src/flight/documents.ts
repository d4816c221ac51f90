import {
  contractTag,
  contractVersion,
  decodeReasons,
  fields,
  flagNames,
  ruleReasons,
  systemFields,
  type Field,
} from "./contract.ts";
import { rawRowSchema, stateVectorSchema, storedRowSchema } from "./json-schema.ts";

/** Documents that derive from the contract. `contract --write` writes them, and a test finds a stale one. */

const row = ({ name, kind, nullable, unit, parquet, about }: Field): string =>
  `| ${name} | ${kind}${nullable ? " or null" : ""} | ${unit ?? ""} | ${parquet} | ${about} |\n`;

/** The record as a Markdown table, with reasons and flags. */
export const fieldTable = (): string => `# The record

Generated from src/flight/contract.ts by \`flightline contract --write .\`. Contract ${contractTag}.

| field | kind | unit | Parquet | meaning |
|---|---|---|---|---|
${fields.map(row).join("")}
The store adds these columns after the record:

| field | kind | unit | Parquet | meaning |
|---|---|---|---|---|
${systemFields.map(row).join("")}
Reasons for rejection: ${[...decodeReasons, ...ruleReasons].map((reason) => `\`${reason}\``).join(", ")}.

Flags: ${flagNames.map((flag) => `\`${flag}\``).join(", ")}.
`;

/** Names and types of the Parquet columns, one per line. */
export const parquetColumns = (): string =>
  [...fields, ...systemFields].map(({ name, parquet }) => `${name} ${parquet}\n`).join("");

/** JSON Schemas of the raw row, the record and the stored row. */
export const jsonSchemas = (): string =>
  `${JSON.stringify({ contract: contractVersion, raw_row: rawRowSchema, state_vector: stateVectorSchema, stored_row: storedRowSchema }, null, 2)}\n`;
