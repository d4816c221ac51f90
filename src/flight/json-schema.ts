import { fields, rawFields, systemFields, type Field } from "./contract.ts";

/** JSON Schema in keywords that draft 4, which API Gateway's models speak, and OpenAPI 3.1 read alike. */
export type JsonSchema = Record<string, unknown>;

const types = { text: "string", number: "number", integer: "integer", boolean: "boolean" } as const;

const member = ({ kind, nullable, unit, about }: Field): JsonSchema => ({
  type: nullable ? [types[kind], "null"] : types[kind],
  description: unit === null ? about : `${about}; ${unit}`,
});

const object = (of: readonly Field[]): JsonSchema => ({
  type: "object",
  properties: Object.fromEntries(of.map((one) => [one.name, member(one)])),
  required: of.map(({ name }) => name),
});

/** A cleaned row: the record alone. */
export const stateVectorSchema: JsonSchema = object(fields);

/** A row as the tables and the lake hold it. */
export const storedRowSchema: JsonSchema = object([...fields, ...systemFields]);

/** A row as a sender may give it: any member may be missing, and what is unusable is judged row by row. */
export const rawRowSchema: JsonSchema = {
  type: "object",
  properties: Object.fromEntries(rawFields.map(({ name, about }) => [name, { description: about }])),
};
