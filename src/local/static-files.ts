import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";

/** The page's files, by path; nothing else is served, so no path of a request ever reaches the disk. */
const files = {
  "/": { file: "index.html", type: "text/html; charset=utf-8" },
  "/page.js": { file: "page.js", type: "text/javascript; charset=utf-8" },
  "/page.css": { file: "page.css", type: "text/css; charset=utf-8" },
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

/** Serves the built page of `folder`, held in memory. The answerer returns false for a path that is not the page's. */
export function staticFiles(folder: URL) {
  const held = new Map(
    Object.entries(files).map(([path, { file, type }]) => {
      const body = readFileSync(new URL(file, folder));
      return [path, { body, type, etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"` }];
    }),
  );
  return (path: string, response: ServerResponse, { headers }: IncomingMessage): boolean => {
    const found = held.get(path);
    if (found === undefined) return false;
    const { body, type, etag } = found;
    const head = {
      etag,
      "content-type": type,
      "cache-control": "no-cache",
      "content-security-policy": CSP,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    };
    if (headers["if-none-match"] === etag) response.writeHead(304, head).end();
    else response.writeHead(200, head).end(body);
    return true;
  };
}
