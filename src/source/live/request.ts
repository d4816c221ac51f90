/** An upstream that did not give what was asked for. `retry_after_s` where it said when to ask again. */
export class UpstreamError extends Error {
  override name = "UpstreamError";
  readonly retry_after_s: number | null;
  constructor(message: string, options: { retry_after_s?: number | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retry_after_s = options.retry_after_s ?? null;
  }
}

export type Fetch = typeof fetch;

export interface Request {
  method?: "GET" | "POST";
  headers: Readonly<Record<string, string>>;
  body?: string;
  fetch: Fetch;
  signal: AbortSignal;
  /** For the whole answer, redirects and body included. */
  timeout_s: number;
}
export interface Reply {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

const MOST_REDIRECTS = 5;
/** bytes; what one request to our own API may inflate to */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * The answer, whatever its status, after redirects: these are followed to https or to the same host only, and
 * `Authorization` never leaves its origin. A POST is not redirected: its body may be a secret.
 * Throws `UpstreamError` when there is no answer in time, or none that may be followed.
 */
export async function request(url: URL, options: Request): Promise<Reply> {
  const limit = new AbortController();
  const abort = () => limit.abort();
  const timer = setTimeout(abort, options.timeout_s * 1_000);
  options.signal.addEventListener("abort", abort);
  if (options.signal.aborted) abort();
  try {
    return await follow(url, { ...options, signal: limit.signal });
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    const why = limit.signal.aborted ? `no answer within ${options.timeout_s} s` : reasonOf(cause);
    throw new UpstreamError(`${url.host}: ${why}`, { cause });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", abort);
  }
}

/** `fetch` hides what went wrong (`ECONNREFUSED`) in its error's cause. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  return "code" in inner && typeof inner.code === "string" ? inner.code : inner.message;
}

async function follow(url: URL, options: Request): Promise<Reply> {
  let at = url;
  let headers = options.headers;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const { method = "GET", body, signal } = options;
    const response = await options.fetch(at, {
      method,
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
    const location = redirectOf(response);
    if (location === null) return { status: response.status, headers: response.headers, body: await read(response) };
    await response.body?.cancel();
    const next = allowed(at, location, method);
    if (next.origin !== at.origin) headers = withoutAuthorization(headers);
    at = next;
  }
  throw new UpstreamError(`${url.host}: more than ${MOST_REDIRECTS} redirects`);
}

function redirectOf(response: Response): string | null {
  return [301, 302, 303, 307, 308].includes(response.status) ? response.headers.get("location") : null;
}

function allowed(from: URL, location: string, method: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : null;
  const safe = to?.protocol === "https:" || (to?.protocol === from.protocol && to.host === from.host);
  if (to !== null && safe && method === "GET") return to;
  throw new UpstreamError(`${from.host}: redirect to ${to?.origin ?? "no address"} not followed`);
}

function withoutAuthorization(headers: Request["headers"]): Request["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));
}

async function read(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new UpstreamError(`answer above ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(parts);
}

/** The object that a body of JSON holds; of another value, none of its members. Throws `UpstreamError` when it is not JSON. */
export function readJson(from: string, body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(Buffer.from(body).toString()) };
  } catch (cause) {
    throw new UpstreamError(`${from} answered what is not JSON`, { cause });
  }
}
