import { TooLargeError, UndecodableError } from "../../format/errors.ts";
import { ConflictError, NotAnsweredError, UnavailableError } from "../errors.ts";
import type { IngestPorts } from "../request/ingest.ts";
import { BadRequestError, headerOf, json, problem, type ProxyEvent, type ProxyResult } from "./http.ts";
import { openApi } from "./openapi.ts";
import { parameters, parseParameters, type Parameter, type Values } from "./parameters.ts";
import { postStates } from "./post-states.ts";
import {
  getAircraft,
  getFlows,
  getHealth,
  getIngestion,
  getOneAircraft,
  getRejections,
  getStates,
  type ReadContext,
} from "./read-routes.ts";

export interface ApiContext extends IngestPorts, ReadContext {
  /** Unix seconds */
  now_s(): number;
  /** Rejects all methods except GET. */
  read_only?: boolean;
  /** Receives errors that the client did not cause. */
  onError(error: unknown): void;
}

interface Route {
  method: "GET" | "POST";
  /** `{name}` is a path parameter. */
  path: string;
  parameters: readonly Parameter[];
  handle(context: ApiContext, values: Values, event: ProxyEvent): ProxyResult | Promise<ProxyResult>;
}

export const routes: readonly Route[] = [
  {
    method: "POST",
    path: "/states",
    parameters: parameters.postStates,
    handle: (context, values, event) => postStates({ context, now_s: context.now_s() }, event, values),
  },
  { method: "GET", path: "/ingestions/{id}", parameters: parameters.getIngestion, handle: getIngestion },
  { method: "GET", path: "/states", parameters: parameters.getStates, handle: getStates },
  { method: "GET", path: "/aircraft", parameters: parameters.getAircraft, handle: getAircraft },
  { method: "GET", path: "/aircraft/{icao24}", parameters: parameters.getOneAircraft, handle: getOneAircraft },
  { method: "GET", path: "/rejections", parameters: parameters.getRejections, handle: getRejections },
  { method: "GET", path: "/flows", parameters: parameters.getFlows, handle: getFlows },
  { method: "GET", path: "/health", parameters: [], handle: getHealth },
  { method: "GET", path: "/openapi.json", parameters: [], handle: () => json(200, openApi(routes)) },
];

/** Handles a request to the API. Never throws: an error becomes a response. */
export async function handleApi(context: ApiContext, event: ProxyEvent): Promise<ProxyResult> {
  try {
    const { route, pathValues } = findRoute(event);
    if (context.read_only === true && route.method !== "GET")
      throw new BadRequestError("this server is read-only", { code: "method_not_allowed", path: "method" }, 405);
    const texts = { ...event.multiValueQueryStringParameters, ...pathValues, ...headerValues(route, event) };
    return await route.handle(context, parseParameters(route.parameters, texts as Record<string, string[]>), event);
  } catch (error) {
    return errorResponse(error, context);
  }
}

function findRoute(event: ProxyEvent): { route: Route; pathValues: Record<string, string[]> } {
  const parts = event.path.split("/").map(decodePart);
  const matching = routes.flatMap((route) => {
    const pathValues = matchPath(route.path.split("/"), parts);
    return pathValues === null ? [] : [{ route, pathValues }];
  });
  const match = matching.find(({ route }) => route.method === event.httpMethod);
  if (match !== undefined) return match;
  if (matching.length === 0)
    throw new BadRequestError(
      "this resource does not exist",
      { code: "not_found", path: event.path.slice(0, 100), allowed: [...new Set(routes.map(({ path }) => path))] },
      404,
    );
  const allowed = matching.map(({ route }) => route.method);
  throw new BadRequestError(
    "this resource does not support the method",
    { code: "method_not_allowed", path: "method", value: event.httpMethod, allowed },
    405,
  );
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadRequestError("the path contains an invalid percent-encoding", {
      code: "invalid_parameter",
      path: "path",
      value: part.slice(0, 100),
    });
  }
}

function matchPath(pattern: readonly string[], parts: readonly string[]): Record<string, string[]> | null {
  if (pattern.length !== parts.length) return null;
  const values: Record<string, string[]> = {};
  for (const [i, part] of pattern.entries()) {
    const name = /^\{(.*)\}$/.exec(part)?.[1];
    if (name !== undefined) values[name] = [parts[i] ?? ""];
    else if (part !== parts[i]) return null;
  }
  return values;
}

function headerValues(route: Route, event: ProxyEvent): Record<string, string[]> {
  const inHeaders = route.parameters.filter((parameter) => parameter.in === "header");
  return Object.fromEntries(
    inHeaders.flatMap(({ name }) => {
      const value = headerOf(event, name.toLowerCase());
      return value === undefined ? [] : [[name, [value]]];
    }),
  );
}

/** The response for an error. Errors that the client did not cause also go to `onError`. */
export function errorResponse(error: unknown, context: Pick<ApiContext, "onError">): ProxyResult {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BadRequestError) return problem(error.status, { message, ...error.detail });
  if (error instanceof UndecodableError)
    return problem(400, { code: "undecodable", message, path: error.at === undefined ? "body" : `body, ${error.at}` });
  if (error instanceof TooLargeError) return problem(413, { code: "too_large", message, path: "body" });
  if (error instanceof NotAnsweredError) return problem(400, { code: "not_answered", message, path: "query" });
  if (error instanceof ConflictError) return problem(409, { code: "conflict", message, path: "Idempotency-Key" });
  context.onError(error);
  if (error instanceof UnavailableError)
    return problem(503, { code: "unavailable", message }, { "retry-after": String(error.retry_after_s) });
  return problem(500, { code: "internal", message: "internal server error; see the server log" });
}
