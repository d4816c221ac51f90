import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";

/** The files of the page, by path. The server serves nothing else, so the path of a request never reaches the disk. */
const files = {
  "/": { file: "index.html", type: "text/html; charset=utf-8" },
  "/page.js": { file: "page.js", type: "text/javascript; charset=utf-8" },
  "/page.css": { file: "page.css", type: "text/css; charset=utf-8" },
  "/libraries.css": { file: "libraries.css", type: "text/css; charset=utf-8" },
  "/maplibre-gl-worker.mjs": { file: "maplibre-gl-worker.mjs", type: "text/javascript; charset=utf-8" },
  "/countries.json": { file: "countries.json", type: "application/json" },
  "/names.json": { file: "names.json", type: "application/json" },
} as const;

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Reads the built page into memory, as gzip. The returned function serves a file of it, and returns false for other paths. */
export function staticFiles(folder: URL) {
  const bodies = new Map(
    Object.entries(files).map(([path, { file, type }]) => {
      const body = readFileSync(new URL(`${file}.gz`, folder));
      return [path, { body, type, etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"` }];
    }),
  );
  return (path: string, response: ServerResponse, { headers }: IncomingMessage): boolean => {
    const entry = bodies.get(path);
    if (entry === undefined) return false;
    const { body, type, etag } = entry;
    const head = {
      etag,
      "content-type": type,
      vary: "accept-encoding",
      "cache-control": "no-cache",
      "content-security-policy": CSP,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    };
    if (headers["if-none-match"] === etag) response.writeHead(304, head).end();
    else if (/\bgzip\b/.test(String(headers["accept-encoding"])))
      response.writeHead(200, { ...head, "content-encoding": "gzip" }).end(body);
    else response.writeHead(200, head).end(gunzipSync(body));
    return true;
  };
}
