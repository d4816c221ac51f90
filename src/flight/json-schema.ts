import { fields, rawFields, systemFields, type Field } from "./contract.ts";

/** JSON Schema with keywords that mean the same in draft 4, which API Gateway's models use, and in OpenAPI 3.1. */
export type JsonSchema = Record<string, unknown>;

const types = { text: "string", number: "number", integer: "integer", boolean: "boolean" } as const;

const member = ({ kind, nullable, unit, about }: Field): JsonSchema => ({
  type: nullable ? [types[kind], "null"] : types[kind],
  description: unit === null ? about : `${about} (${unit})`,
});

const object = (members: readonly Field[]): JsonSchema => ({
  type: "object",
  properties: Object.fromEntries(members.map((field) => [field.name, member(field)])),
  required: members.map(({ name }) => name),
});

/** A cleaned row: the record without system columns. */
export const stateVectorSchema: JsonSchema = object(fields);

/** A row of the tables and the lake. */
export const storedRowSchema: JsonSchema = object([...fields, ...systemFields]);

/** A row as a sender may post it. Members may be missing or have any type, because the rules check each row. */
export const rawRowSchema: JsonSchema = {
  type: "object",
  properties: Object.fromEntries(rawFields.map(({ name, about }) => [name, { description: about }])),
};
