import { contractVersion } from "../../flight/contract.ts";
import { rawRowSchema, storedRowSchema, type JsonSchema } from "../../flight/json-schema.ts";
import type { Parameter } from "./parameters.ts";

/** What the document needs of an operation. */
export interface Operation {
  method: string;
  path: string;
  parameters: readonly Parameter[];
}

const integer = { type: "integer" };
const counts = { type: "object", additionalProperties: integer };
/** What a database counted of a flow. */
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
    description: "batches whose stored rows differ from the ledger; some of them",
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

/** The API's models, by name; API Gateway's models are made of the same. */
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
      status: { type: "string", description: "where the ingestion can be asked for" },
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
      index: { type: "integer", description: "which row of the object, from 0" },
      reason: { type: "string" },
      field: { type: ["string", "null"] },
      received_at: integer,
      source: { type: "string" },
      line: { type: "integer", description: "number of the line, from 1; 0 for a stream record as a whole" },
      element: { type: "integer", description: "number of the element of a JSON document, from 1" },
      row: { type: "string", description: "the row as JSON text" },
      bytes: { type: "string", description: "its bytes in base64, where it was no text" },
    },
    required: ["flow", "key", "index", "reason", "received_at", "source"],
  }),
  Flows: listOf("flows", {
    type: "object",
    properties: {
      flow: { type: "string", enum: ["request", "stream"] },
      ...totals,
      pending: integer,
      oldest_pending: { type: ["number", "null"], description: "Unix time at which the oldest pending row arrived" },
      pending_known: { type: "boolean", description: "whether intake and backlog are counted" },
      balanced: { type: "boolean" },
      missing: { type: "integer", description: "rows received that no count holds" },
      surplus: { type: ["integer", "null"], description: "rows stored beyond the ledger" },
      stored_at: { type: "number" },
      ledger_drift: { type: "integer", description: "rows in the first database's ledger and not in another's" },
      others: {
        type: "array",
        description: "what the databases behind the first say",
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
          path: { type: "string", description: "which part of the request" },
          value: { description: "what it was" },
          allowed: { description: "what it may be" },
        },
        required: ["code", "message"],
      },
    },
    required: ["error"],
  },
};

/** The model of each operation's answer. */
export const answers: Record<string, { status: string; model: string; about: string }> = {
  "POST /states": { status: "202", model: "Ingested", about: "taken in; loading follows" },
  "GET /ingestions/{id}": { status: "200", model: "Ingestion", about: "one ingestion" },
  "GET /states": { status: "200", model: "States", about: "stored observations, oldest first" },
  "GET /aircraft": { status: "200", model: "AircraftList", about: "the newest observation of each aircraft" },
  "GET /aircraft/{icao24}": { status: "200", model: "StoredRow", about: "the newest observation of one aircraft" },
  "GET /rejections": { status: "200", model: "Rejections", about: "rejected rows, newest first" },
  "GET /flows": { status: "200", model: "Flows", about: "both equations of both flows" },
  "GET /health": { status: "200", model: "Health", about: "ready" },
};

const content = (model: string): JsonSchema => ({ "application/json": { schema: ref(model) } });

function operation({ method, path, parameters }: Operation): JsonSchema {
  const answer = answers[`${method} ${path}`];
  const ok =
    answer === undefined
      ? { "200": { description: "this document" } }
      : { [answer.status]: { description: answer.about, content: content(answer.model) } };
  const body = {
    required: true,
    description: "one row, a list of rows, a response of OpenSky or readsb, NDJSON or CSV; plain or gzip",
    content: {
      "application/json": { schema: { type: ["object", "array"] } },
      "application/x-ndjson": { schema: { type: "string" } },
      "text/csv": { schema: { type: "string" } },
      "application/gzip": { schema: { type: "string" } },
    },
  };
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? "")}`,
    parameters: parameters.map((one) => ({ ...one, ...(one.in === "path" ? { required: true } : {}) })),
    ...(method === "POST" ? { requestBody: body } : {}),
    responses: { ...ok, default: { description: "an error", content: content("Problem") } },
  };
}

/** The OpenAPI 3.1 document of the operations. */
export function openApi(operations: readonly Operation[]): JsonSchema {
  const paths: Record<string, JsonSchema> = {};
  for (const one of operations) paths[one.path] = { ...paths[one.path], [one.method.toLowerCase()]: operation(one) };
  return {
    openapi: "3.1.0",
    info: {
      title: "Flightline",
      version: "v1",
      description: `Flight data in, cleaned by contract ${contractVersion.slice(0, 8)}.`,
    },
    servers: [{ url: "/v1" }],
    paths,
    components: { schemas: models },
  };
}
