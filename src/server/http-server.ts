import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { errorAnswer, handleApi, type ApiContext } from "../flow/api/api.ts";
import { problem, type ProxyEvent, type ProxyResult } from "../flow/api/http.ts";
import { WIRE_LIMIT } from "../flow/api/post-states.ts";
import { answerPage, type PageContext } from "./page-routes.ts";

const STAGE = "/v1";
/** Node's own limit on a request line and headers is 16 KiB; keys and ids are checked by the API. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;

export interface ServerContext {
  api: ApiContext;
  page: Pick<PageContext, "live" | "recordsOf" | "source">;
  /** Serves the page's files; false when there is no such file. */
  files(path: string, response: ServerResponse, request: IncomingMessage): Promise<boolean>;
  port: number;
}

export interface RunningServer {
  url: string;
  /** Ends when the requests under way are answered, event streams at once. */
  close(): Promise<void>;
}

/** Serves API and page on 127.0.0.1: each API request becomes the proxy event that the deployed handler gets. */
export async function startServer(context: ServerContext): Promise<RunningServer> {
  const server = createServer((request, response) => {
    respond(context, request, response).catch((error: unknown) => {
      const answer = errorAnswer(error, context.api);
      if (!response.headersSent) send(response, answer);
      else response.destroy();
    });
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await listen(server, context.port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      context.page.live.close();
      server.closeIdleConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });

async function respond(context: ServerContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refusal = refuse(request);
  if (refusal !== null) return send(response, refusal);
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const { pathname } = url;
  if (
    pathname.startsWith("/live/") &&
    (await answerPage({ ...context.api, ...context.page }, url, { request, response }))
  )
    return;
  if (pathname.startsWith(`${STAGE}/`)) {
    const body = await readBody(request);
    if (body === null) {
      response.setHeader("connection", "close");
      return send(
        response,
        problem(413, { code: "too_large", message: `the body has more than ${WIRE_LIMIT} bytes`, path: "body" }),
      );
    }
    return send(response, await handleApi(context.api, proxyEvent(request, url, body)));
  }
  if (await context.files(pathname, response, request)) return;
  send(response, problem(404, { code: "not_found", message: "there is no such page", path: pathname.slice(0, 100) }));
}

const LOCAL = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

/** A page elsewhere must not reach this server through the browser, by name or by request. */
function refuse({ headers }: IncomingMessage): ProxyResult | null {
  const isOurs =
    LOCAL.test(headers.host ?? "") && (headers.origin === undefined || headers.origin === `http://${headers.host}`);
  return isOurs ? null : problem(403, { code: "forbidden", message: "Host or Origin is not this server's" });
}

/** The body, or null when it is longer than the wire allows; what is too much is not kept. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers["content-length"] ?? 0) > WIRE_LIMIT) return null;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > WIRE_LIMIT) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function proxyEvent(request: IncomingMessage, url: URL, body: Buffer): ProxyEvent {
  const query: Record<string, string[]> = {};
  for (const name of new Set(url.searchParams.keys())) query[name] = url.searchParams.getAll(name);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : value]),
  );
  return {
    httpMethod: request.method ?? "GET",
    path: url.pathname.slice(STAGE.length),
    headers,
    multiValueQueryStringParameters: query,
    body: body.length === 0 ? null : body.toString("base64"),
    isBase64Encoded: true,
    requestContext: { path: url.pathname },
  };
}

function send(response: ServerResponse, { statusCode, headers, body }: ProxyResult): void {
  response.writeHead(statusCode, { "x-content-type-options": "nosniff", ...headers });
  response.end(body);
}
