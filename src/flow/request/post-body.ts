import { backoff, pause } from "../../retry.ts";
import type { Ingested } from "./ingest.ts";

/** A body for `POST /states`. */
export interface PostedBody {
  body: Uint8Array;
  media_type: string;
}

export interface PostOptions {
  signal: AbortSignal;
  /** Further headers, such as a signature of the body. */
  headers?: (body: PostedBody) => Promise<Record<string, string>>;
  /** How often a body is sent at most. Unset: until it is accepted. */
  max_attempts?: number;
  /** Whether a failure may pass. Default: the API is overloaded, or its stores or its gateway time out. */
  isTransient?: (error: PostError) => boolean;
  /** Called before each retry. */
  onRetry?: (error: PostError) => void;
}

/** The API refused a body, or could not be reached. */
export class PostError extends Error {
  override name = "PostError";
  /** Undefined: there was no answer. */
  readonly status: number | undefined;
  /** The wait that the answer asks for, in s. Zero: none. */
  readonly retry_after_s: number;
  constructor(message: string, details: { status?: number; retry_after_s?: number; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.retry_after_s = details.retry_after_s ?? 0;
  }
}

const TRANSIENT = new Set([429, 502, 503, 504]);
const MAX_RETRY_AFTER_S = 60;

/**
 * Sends one body to the API, and again after a failure that may pass. A body that the API gets twice is stored once.
 * Waits as long as `Retry-After` asks for, at most a minute. Throws `PostError`.
 */
export async function postBody(url: string, body: PostedBody, options: PostOptions): Promise<Ingested> {
  const {
    signal,
    max_attempts = Infinity,
    isTransient = ({ status }) => status !== undefined && TRANSIENT.has(status),
  } = options;
  for (let failures = 0; ; failures++) {
    const answer = await postOnce(url, body, options);
    if (!(answer instanceof PostError)) return answer;
    if (!isTransient(answer) || failures + 1 >= max_attempts || signal.aborted) throw answer;
    options.onRetry?.(answer);
    await pause(Math.max(backoff(failures), Math.min(answer.retry_after_s, MAX_RETRY_AFTER_S) * 1_000), signal);
    if (signal.aborted) throw answer;
  }
}

async function postOnce(url: string, body: PostedBody, options: PostOptions): Promise<Ingested | PostError> {
  const headers = { "content-type": body.media_type, ...(await options.headers?.(body)) };
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", headers, body: Buffer.from(body.body) });
  } catch (cause) {
    return new PostError(
      `${withoutQuery(url)} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
  if (response.ok) return (await response.json()) as Ingested;
  // seconds. The header may also be a date, for which the back-off is long enough
  const retry_after_s = Number(response.headers.get("retry-after") ?? 0) || 0;
  const message = `${withoutQuery(url)} answered ${response.status}: ${messageOf(await response.text())}`;
  return new PostError(message, { status: response.status, retry_after_s });
}

const withoutQuery = (url: string): string => url.replace(/\?.*$/, "");

/** The message of the API's errors. Of any other body, such as a proxy's page, its beginning. */
function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return text.slice(0, 200);
  }
}
