import { icao24Pattern, sourcePattern, idDigitsPattern } from "../../flight/identifiers.ts";
import { BadRequestError } from "./http.ts";

/** A parameter's schema, in keywords that mean the same in JSON Schema draft 4 and OpenAPI 3.1. */
export interface ParameterSchema {
  type: "string" | "number" | "integer" | "boolean";
  pattern?: string;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  default?: string | number | boolean;
}
export interface Parameter {
  name: string;
  in: "query" | "path" | "header";
  description: string;
  schema: ParameterSchema;
}

const query = (name: string, schema: ParameterSchema, description: string): Parameter => ({
  name,
  in: "query",
  description,
  schema,
});
const path = (name: string, pattern: string, description: string): Parameter => ({
  name,
  in: "path",
  description,
  schema: { type: "string", pattern },
});
const limit = (maximum: number, usual: number): Parameter =>
  query("limit", { type: "integer", minimum: 1, maximum, default: usual }, "maximum number of rows");

const LATITUDE: ParameterSchema = { type: "number", minimum: -90, maximum: 90 };
const LONGITUDE: ParameterSchema = { type: "number", minimum: -180, maximum: 180 };
const LATEST_S = 100_000_000_000;

const box = [
  query("lamin", LATITUDE, "southern edge of a box in degrees. A box requires all four edges."),
  query("lomin", LONGITUDE, "western edge. It is greater than lomax if the box crosses the antimeridian."),
  query("lamax", LATITUDE, "northern edge"),
  query("lomax", LONGITUDE, "eastern edge"),
];
const icao24 = query("icao24", { type: "string", pattern: icao24Pattern }, "ICAO 24-bit address in lower-case hex");
const callsign = query("callsign", { type: "string", pattern: "^[A-Z0-9]{1,8}$" }, "callsign in upper case");
const source = query(
  "source",
  { type: "string", pattern: sourcePattern },
  "receiver or network that reported the rows",
);
const time = { type: "integer", minimum: 0, maximum: LATEST_S } as const;

/** The parameters of each operation. */
export const parameters = {
  postStates: [
    source,
    query("format", { type: "string", enum: ["ndjson", "csv"], default: "ndjson" }, "format of the clean file"),
    {
      name: "Idempotency-Key",
      in: "header",
      description: "identifies the request, so that a retry with the same key is the same ingestion",
      schema: { type: "string", pattern: "^[A-Za-z0-9_-]{1,128}$" },
    },
  ],
  getIngestion: [path("id", `^r${idDigitsPattern}$`, "id from the response of POST /states")],
  getStates: [
    ...box,
    icao24,
    callsign,
    source,
    query("batch_id", { type: "string", pattern: `^[rb]${idDigitsPattern}$` }, "batch that stored the rows"),
    query("from", time, "first last_contact, Unix time"),
    query("to", time, "last last_contact, Unix time"),
    query(
      "every",
      { type: "integer", minimum: 1, maximum: 86_400 },
      "returns only the first row of each aircraft and source in each interval of this many seconds. Requires icao24, or both from and to. Cannot be combined with cursor.",
    ),
    limit(10_000, 1_000),
    query("cursor", { type: "string", pattern: "^[A-Za-z0-9_-]{1,200}$" }, "next_cursor of the previous page"),
  ],
  getAircraft: [
    ...box,
    icao24,
    callsign,
    query("at", time, "returns the state at this Unix time, without aircraft that had not reported for 300 s"),
    query("search", { type: "string", pattern: "^[A-Za-z0-9~]{1,8}$" }, "part of an address or a callsign"),
    limit(20_000, 1_000),
  ],
  getOneAircraft: [path("icao24", icao24Pattern, "ICAO 24-bit address in lower-case hex")],
  getRejections: [
    query("flow", { type: "string", enum: ["request", "stream"] }, "only rows of this flow"),
    limit(1_000, 100),
  ],
  getFlows: [query("fresh", { type: "boolean", default: false }, "counts again instead of returning the last count")],
} as const satisfies Record<string, readonly Parameter[]>;

export type Values = Record<string, string | number | boolean | undefined>;

/**
 * Parses and checks the parameters of a request. `texts` has the values by name. Throws `BadRequestError` with name, value
 * and allowed values.
 */
export function parseParameters(declared: readonly Parameter[], texts: Record<string, readonly string[]>): Values {
  const values: Values = {};
  for (const name of Object.keys(texts))
    if (!declared.some((parameter) => parameter.name === name))
      throw new BadRequestError(`unknown parameter ${JSON.stringify(name.slice(0, 64))}`, {
        code: "unknown_parameter",
        path: name.slice(0, 64),
        allowed: declared.map((parameter) => parameter.name),
      });
  for (const parameter of declared) values[parameter.name] = parseOne(parameter, texts[parameter.name] ?? []);
  return values;
}

function parseOne({ name, schema }: Parameter, texts: readonly string[]): Values[string] {
  const [text] = texts;
  if (text === undefined) return schema.default;
  if (texts.length > 1) throw invalid(name, schema, texts);
  if (schema.type === "boolean") {
    if (text !== "true" && text !== "false") throw invalid(name, { ...schema, enum: ["true", "false"] }, text);
    return text === "true";
  }
  if (schema.type === "string") {
    const isValid =
      (schema.pattern === undefined || new RegExp(schema.pattern).test(text)) && (schema.enum?.includes(text) ?? true);
    if (!isValid) throw invalid(name, schema, text);
    return text;
  }
  return parseNumber(name, schema, text);
}

function parseNumber(name: string, schema: ParameterSchema, text: string): number {
  const number = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  const isInRange = number >= (schema.minimum ?? -Infinity) && number <= (schema.maximum ?? Infinity);
  if (!isInRange || (schema.type === "integer" && !Number.isInteger(number))) throw invalid(name, schema, text);
  return number;
}

function invalid(name: string, schema: ParameterSchema, value: unknown): BadRequestError {
  const shown = typeof value === "string" ? value.slice(0, 100) : value;
  return new BadRequestError(`invalid value for parameter \`${name}\``, {
    code: "invalid_parameter",
    path: name,
    value: shown,
    allowed: schema,
  });
}
