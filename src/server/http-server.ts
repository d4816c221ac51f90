import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { errorResponse, handleApi, type ApiContext } from "../flow/api/api.ts";
import { problem, type ProxyEvent, type ProxyResult } from "../flow/api/http.ts";
import { MAX_WIRE_BYTES } from "../flow/api/post-states.ts";
import { answerPage, type PageContext } from "./page-routes.ts";

const STAGE = "/v1";
/** Limits for slow clients. Node itself limits request line and headers to 16 KiB. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;

export interface ServerContext {
  api: ApiContext;
  page: Pick<PageContext, "live" | "recordsOf" | "source">;
  /** Serves a file of the page. Resolves to false if the page has no file at this path. */
  files(path: string, response: ServerResponse, request: IncomingMessage): Promise<boolean>;
  port: number;
}

export interface RunningServer {
  url: string;
  /** Ends event streams at once. Resolves when all current requests are answered. */
  close(): Promise<void>;
}

/** Serves API and page on 127.0.0.1. Each API request becomes the proxy event that the deployed handler gets. */
export async function startServer(context: ServerContext): Promise<RunningServer> {
  const server = createServer((request, response) => {
    respond(context, request, response).catch((error: unknown) => {
      const answer = errorResponse(error, context.api);
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
  const rejection = rejectForeign(request);
  if (rejection !== null) return send(response, rejection);
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
        problem(413, {
          code: "too_large",
          message: `the body has more than ${MAX_WIRE_BYTES} bytes; send its rows in several requests`,
          path: "body",
        }),
      );
    }
    return send(response, await handleApi(context.api, proxyEvent(request, url, body)));
  }
  if (await context.files(pathname, response, request)) return;
  send(response, problem(404, { code: "not_found", message: "page not found", path: pathname.slice(0, 100) }));
}

const LOCAL = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

/** Rejects requests that another site's page sends through the browser: by DNS rebinding (Host) or directly (Origin). */
function rejectForeign({ headers }: IncomingMessage): ProxyResult | null {
  const isOwnPage =
    LOCAL.test(headers.host ?? "") && (headers.origin === undefined || headers.origin === `http://${headers.host}`);
  return isOwnPage
    ? null
    : problem(403, { code: "forbidden", message: "Host and Origin must be this server's own address" });
}

/** The body. Null if it exceeds the limit: the rest of it is not read. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_WIRE_BYTES) return null;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_WIRE_BYTES) return null;
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
