import { icao24Pattern, sourcePattern } from "../../flight/identifiers.ts";
import { BadRequestError } from "./http.ts";

/** A parameter's schema, in keywords that JSON Schema draft 4 and OpenAPI 3.1 read alike. */
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
const limit = (most: number, usual: number): Parameter =>
  query("limit", { type: "integer", minimum: 1, maximum: most, default: usual }, "how many at most");

const LATITUDE: ParameterSchema = { type: "number", minimum: -90, maximum: 90 };
const LONGITUDE: ParameterSchema = { type: "number", minimum: -180, maximum: 180 };
const LATEST_S = 100_000_000_000;

const box = [
  query("lamin", LATITUDE, "southern edge of a box in degrees; all four edges or none"),
  query("lomin", LONGITUDE, "western edge; greater than lomax where the box crosses the antimeridian"),
  query("lamax", LATITUDE, "northern edge"),
  query("lomax", LONGITUDE, "eastern edge"),
];
const icao24 = query("icao24", { type: "string", pattern: icao24Pattern }, "address in lower-case hex");
const callsign = query("callsign", { type: "string", pattern: "^[A-Z0-9]{1,8}$" }, "callsign in upper case");
const source = query(
  "source",
  { type: "string", pattern: sourcePattern },
  "which receiver or network reported the rows",
);
const time = { type: "integer", minimum: 0, maximum: LATEST_S } as const;

/** The parameters of each operation. */
export const parameters = {
  postStates: [
    source,
    query("format", { type: "string", enum: ["ndjson", "csv"], default: "ndjson" }, "of the flat file that is stored"),
    {
      name: "Idempotency-Key",
      in: "header",
      description: "the same key with the same request is the same ingestion",
      schema: { type: "string", pattern: "^[A-Za-z0-9_-]{1,128}$" },
    },
  ],
  getIngestion: [path("id", "^r[0-9a-f]{32}$", "id that POST /states answered")],
  getStates: [
    ...box,
    icao24,
    callsign,
    source,
    query("batch_id", { type: "string", pattern: "^[rb][0-9a-f]{32}$" }, "the batch that stored the rows"),
    query("from", time, "last_contact from this Unix time, inclusive"),
    query("to", time, "last_contact to this Unix time, inclusive"),
    query(
      "every",
      { type: "integer", minimum: 1, maximum: 86_400 },
      "of each aircraft and source the first row in every so many seconds alone; with icao24, or from and to; not with cursor",
    ),
    limit(10_000, 1_000),
    query("cursor", { type: "string", pattern: "^[A-Za-z0-9_-]{1,200}$" }, "next_cursor of the answer before"),
  ],
  getAircraft: [
    ...box,
    icao24,
    callsign,
    query("at", time, "as it was at this Unix time; aircraft that said nothing for 300 s before are left out"),
    query("search", { type: "string", pattern: "^[A-Za-z0-9~]{1,8}$" }, "part of an address or a callsign"),
    limit(20_000, 1_000),
  ],
  getOneAircraft: [path("icao24", icao24Pattern, "address in lower-case hex")],
  getRejections: [
    query("flow", { type: "string", enum: ["request", "stream"] }, "of one flow alone"),
    limit(1_000, 100),
  ],
  getFlows: [query("fresh", { type: "boolean", default: false }, "count anew instead of answering the last count")],
} as const satisfies Record<string, readonly Parameter[]>;

export type Values = Record<string, string | number | boolean | undefined>;

/** Checks what was given against the operation's parameters. Throws `BadRequestError` with name, value and rule. */
export function parseParameters(declared: readonly Parameter[], given: Record<string, readonly string[]>): Values {
  const values: Values = {};
  for (const name of Object.keys(given))
    if (!declared.some((one) => one.name === name))
      throw new BadRequestError(`there is no parameter ${JSON.stringify(name.slice(0, 64))}`, {
        code: "unknown_parameter",
        path: name.slice(0, 64),
        allowed: declared.map((one) => one.name),
      });
  for (const parameter of declared) values[parameter.name] = parseOne(parameter, given[parameter.name] ?? []);
  return values;
}

function parseOne({ name, schema }: Parameter, given: readonly string[]): Values[string] {
  const [text] = given;
  if (text === undefined) return schema.default;
  if (given.length > 1) throw invalid(name, schema, given);
  if (schema.type === "boolean") {
    if (text !== "true" && text !== "false") throw invalid(name, { ...schema, enum: ["true", "false"] }, text);
    return text === "true";
  }
  if (schema.type === "string") {
    const fits =
      (schema.pattern === undefined || new RegExp(schema.pattern).test(text)) && (schema.enum?.includes(text) ?? true);
    if (!fits) throw invalid(name, schema, text);
    return text;
  }
  return parseNumber(name, schema, text);
}

function parseNumber(name: string, schema: ParameterSchema, text: string): number {
  const found = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  const fits = found >= (schema.minimum ?? -Infinity) && found <= (schema.maximum ?? Infinity);
  if (!fits || (schema.type === "integer" && !Number.isInteger(found))) throw invalid(name, schema, text);
  return found;
}

function invalid(name: string, schema: ParameterSchema, value: unknown): BadRequestError {
  const shown = typeof value === "string" ? value.slice(0, 100) : value;
  return new BadRequestError(`${name} is not as allowed`, {
    code: "invalid_parameter",
    path: name,
    value: shown,
    allowed: schema,
  });
}
