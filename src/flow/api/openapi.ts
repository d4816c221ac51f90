import { contractTag } from "../../flight/contract.ts";
import { rawRowSchema, storedRowSchema, type JsonSchema } from "../../flight/json-schema.ts";
import type { Parameter } from "./parameters.ts";

/** The facts about an operation that the document contains. */
export interface Operation {
  method: string;
  path: string;
  parameters: readonly Parameter[];
}

const integer = { type: "integer" };
const counts = { type: "object", additionalProperties: integer };
/** The totals of a flow in one database. */
const totals = {
  received: integer,
  accepted: integer,
  duplicate: integer,
  rejected: integer,
  reasons: counts,
  repeats: integer,
  expired: integer,
  stored: { type: ["integer", "null"] },
  unbalanced: {
    type: "array",
    description: "some of the batches whose stored rows differ from the ledger",
    items: {
      type: "object",
      properties: { batch_id: { type: "string" }, expected: integer, stored: integer },
    },
  },
};
const listOf = (name: string, items: JsonSchema): JsonSchema => ({
  type: "object",
  properties: { [name]: { type: "array", items } },
  required: [name],
});
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** The API's models by name. API Gateway's models are built from them too. */
export const models: Record<string, JsonSchema> = {
  StoredRow: storedRowSchema,
  RawRow: rawRowSchema,
  Ingested: {
    type: "object",
    properties: {
      id: { type: "string" },
      received: integer,
      cleaned: integer,
      rejected: counts,
      status: { type: "string", description: "path of the ingestion's status" },
    },
    required: ["id", "received", "cleaned", "rejected", "status"],
  },
  Ingestion: {
    type: "object",
    properties: {
      id: { type: "string" },
      status: { type: "string", enum: ["pending", "loaded"] },
      received_at: integer,
      source: { type: ["string", "null"] },
      format: { type: "string", enum: ["ndjson", "csv"] },
      received: integer,
      accepted: integer,
      duplicate: integer,
      rejected: counts,
      repeats: integer,
    },
    required: ["id", "status", "received_at", "format", "received"],
  },
  States: {
    type: "object",
    properties: { states: { type: "array", items: storedRowSchema }, next_cursor: { type: ["string", "null"] } },
    required: ["states", "next_cursor"],
  },
  AircraftList: listOf("aircraft", storedRowSchema),
  Rejections: listOf("rejections", {
    type: "object",
    properties: {
      flow: { type: "string" },
      key: { type: "string" },
      index: { type: "integer", description: "index of the row in the object, from 0" },
      reason: { type: "string" },
      field: { type: ["string", "null"] },
      received_at: integer,
      source: { type: "string" },
      line: { type: "integer", description: "number of the line, from 1, or 0 for a stream record as a whole" },
      element: { type: "integer", description: "number of the element of a JSON document, from 1" },
      row: { type: "string", description: "the row as JSON text" },
      bytes: { type: "string", description: "its bytes in base64, if it could not be decoded" },
    },
    required: ["flow", "key", "index", "reason", "received_at", "source"],
  }),
  Flows: listOf("flows", {
    type: "object",
    properties: {
      flow: { type: "string", enum: ["request", "stream"] },
      ...totals,
      pending: integer,
      oldest_pending: { type: ["number", "null"], description: "Unix time of arrival of the oldest pending row" },
      pending_known: { type: "boolean", description: "whether intake and backlog are counted" },
      balanced: { type: "boolean" },
      missing: { type: "integer", description: "rows that were received and are not counted anywhere" },
      surplus: { type: ["integer", "null"], description: "rows that are stored and are not in the ledger" },
      stored_at: { type: "number" },
      ledger_drift: { type: "integer", description: "rows in the first database's ledger minus those in another's" },
      others: {
        type: "array",
        description: "totals of the databases after the first",
        items: { type: "object", properties: totals },
      },
    },
    required: ["flow", "received", "accepted", "duplicate", "rejected", "pending", "stored", "balanced"],
  }),
  Health: { type: "object", properties: { status: { type: "string", enum: ["ok"] } }, required: ["status"] },
  Problem: {
    type: "object",
    properties: {
      error: {
        type: "object",
        properties: {
          code: { type: "string" },
          message: { type: "string" },
          path: { type: "string", description: "part of the request that is invalid" },
          value: { description: "the value of that part" },
          allowed: { description: "the allowed values" },
        },
        required: ["code", "message"],
      },
    },
    required: ["error"],
  },
};

/** The successful response of each operation. */
export const responses: Record<string, { status: string; model: string; about: string }> = {
  "POST /states": { status: "202", model: "Ingested", about: "ingested, to be loaded soon" },
  "GET /ingestions/{id}": { status: "200", model: "Ingestion", about: "one ingestion" },
  "GET /states": { status: "200", model: "States", about: "stored observations, oldest first" },
  "GET /aircraft": { status: "200", model: "AircraftList", about: "the newest observation of each aircraft" },
  "GET /aircraft/{icao24}": { status: "200", model: "StoredRow", about: "the newest observation of one aircraft" },
  "GET /rejections": { status: "200", model: "Rejections", about: "rejected rows, newest first" },
  "GET /flows": { status: "200", model: "Flows", about: "reconciliation of both flows" },
  "GET /health": { status: "200", model: "Health", about: "the database responds" },
};

const content = (model: string): JsonSchema => ({ "application/json": { schema: ref(model) } });

/** The Operation Object of OpenAPI. */
function operationObject({ method, path, parameters }: Operation): JsonSchema {
  const response = responses[`${method} ${path}`];
  const ok =
    response === undefined
      ? { "200": { description: "this document" } }
      : { [response.status]: { description: response.about, content: content(response.model) } };
  const body = {
    required: true,
    description: "a row, a list of rows, a response of OpenSky or readsb, NDJSON or CSV, each plain or gzip",
    content: {
      "application/json": { schema: { type: ["object", "array"] } },
      "application/x-ndjson": { schema: { type: "string" } },
      "text/csv": { schema: { type: "string" } },
      "application/gzip": { schema: { type: "string" } },
    },
  };
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? "")}`,
    parameters: parameters.map((parameter) => ({
      ...parameter,
      ...(parameter.in === "path" ? { required: true } : {}),
    })),
    ...(method === "POST" ? { requestBody: body } : {}),
    responses: { ...ok, default: { description: "an error", content: content("Problem") } },
  };
}

/** The OpenAPI 3.1 document of the operations. */
export function openApi(operations: readonly Operation[]): JsonSchema {
  const paths: Record<string, JsonSchema> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationObject(operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Flightline",
      version: "v1",
      description: `Ingests flight data, cleans it by contract ${contractTag}, and serves it.`,
    },
    servers: [{ url: "/v1" }],
    paths,
    components: { schemas: models },
  };
}
