/** The upstream failed to give a usable response. `retry_after_s` is the wait that it requested, or null. */
export class UpstreamError extends Error {
  override name = "UpstreamError";
  readonly retry_after_s: number | null;
  constructor(message: string, options: { retry_after_s?: number | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retry_after_s = options.retry_after_s ?? null;
  }
}

export type Fetch = typeof fetch;

export interface RequestOptions {
  method?: "GET" | "POST";
  headers: Readonly<Record<string, string>>;
  body?: string;
  fetch: Fetch;
  signal: AbortSignal;
  /** For the whole exchange, including redirects and the body. */
  timeout_s: number;
}
export interface Reply {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

const MAX_REDIRECTS = 5;
/** The same limit as for the inflated body of one request to the HTTP API. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Resolves with the response after redirects, for every status.
 *
 * Redirects go to https or stay on the same host and scheme. `Authorization` is sent to the first origin only, until a
 * redirect leaves it. A POST is never redirected, because its body may contain a secret.
 *
 * Throws `UpstreamError` for a timeout, an abort, a network error, a redirect that is not allowed, or a body that is
 * too large.
 */
export async function request(url: URL, options: RequestOptions): Promise<Reply> {
  const limit = new AbortController();
  const abort = () => limit.abort();
  const timer = setTimeout(abort, options.timeout_s * 1_000);
  options.signal.addEventListener("abort", abort);
  if (options.signal.aborted) abort();
  try {
    return await follow(url, { ...options, signal: limit.signal });
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    const reason = limit.signal.aborted ? `no answer within ${options.timeout_s} s` : reasonOf(cause);
    throw new UpstreamError(`${url.host}: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", abort);
  }
}

/** The error of `fetch` has the real reason (`ECONNREFUSED`) in its cause. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  return "code" in inner && typeof inner.code === "string" ? inner.code : inner.message;
}

async function follow(url: URL, options: RequestOptions): Promise<Reply> {
  let current = url;
  let headers = options.headers;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const { method = "GET", body, signal } = options;
    const response = await options.fetch(current, {
      method,
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
    const location = redirectOf(response);
    if (location === null)
      return { status: response.status, headers: response.headers, body: await readBody(response) };
    await response.body?.cancel();
    const next = redirectTarget(current, location, method);
    if (next.origin !== current.origin) headers = withoutAuthorization(headers);
    current = next;
  }
  throw new UpstreamError(`${url.host}: more than ${MAX_REDIRECTS} redirects`);
}

function redirectOf(response: Response): string | null {
  return [301, 302, 303, 307, 308].includes(response.status) ? response.headers.get("location") : null;
}

function redirectTarget(from: URL, location: string, method: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : null;
  const isSafe = to?.protocol === "https:" || (to?.protocol === from.protocol && to.host === from.host);
  if (to !== null && isSafe && method === "GET") return to;
  const target = to?.origin ?? "an invalid URL";
  throw new UpstreamError(
    `${from.host}: redirect of a ${method} to ${target} refused; a GET may go to https or to the same host`,
  );
}

function withoutAuthorization(headers: RequestOptions["headers"]): RequestOptions["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));
}

async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new UpstreamError(`the response is larger than ${MAX_BYTES} bytes`);
  }
  return Buffer.concat(chunks);
}

/**
 * The members of a JSON object; an empty record for a JSON value without members. Throws `UpstreamError` for invalid
 * JSON.
 */
export function readJson(from: string, body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(Buffer.from(body).toString()) };
  } catch (cause) {
    throw new UpstreamError(`${from} sent a body that is not JSON`, { cause });
  }
}
