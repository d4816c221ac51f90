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
  /** The maximum number of attempts. Unset: no limit. */
  max_attempts?: number;
  /** Whether a retry may succeed. Default: the API is overloaded, or its stores or its gateway do not respond. */
  isTransient?: (error: PostError) => boolean;
  /** Called before each retry. */
  onRetry?: ((error: PostError) => void) | undefined;
}

/** The API rejected a body or could not be reached. */
export class PostError extends Error {
  override name = "PostError";
  /** The status of the response. Undefined if there was none, or it was a success that is not the API's. */
  readonly status: number | undefined;
  /** The wait before a retry that the response requires, in s. Zero: none. */
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
 * Posts a body to the API and retries transient failures with a back-off, or after `Retry-After` (at most a minute). A
 * retry is safe, because the API stores a body once. Throws `PostError`.
 */
export async function postBody(url: string, body: PostedBody, options: PostOptions): Promise<Ingested> {
  const {
    signal,
    max_attempts = Infinity,
    isTransient = ({ status }) => status !== undefined && TRANSIENT.has(status),
  } = options;
  for (let failures = 0; ; failures++) {
    if (signal.aborted) throw new PostError(`${withoutQuery(url)}: the body was not sent, because the sender stops`);
    const answer = await postOnce(url, body, options);
    if (!(answer instanceof PostError)) return answer;
    if (!isTransient(answer) || failures + 1 >= max_attempts || signal.aborted) throw answer;
    options.onRetry?.(answer);
    await pause(Math.max(backoff(failures), Math.min(answer.retry_after_s, MAX_RETRY_AFTER_S) * 1_000), signal);
  }
}

async function postOnce(url: string, body: PostedBody, options: PostOptions): Promise<Ingested | PostError> {
  const headers = { "content-type": body.media_type, ...(await options.headers?.(body)) };
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { method: "POST", headers, body: Buffer.from(body.body), signal: options.signal });
    text = await response.text();
  } catch (cause) {
    return new PostError(`${withoutQuery(url)} cannot be reached: ${reasonOf(cause)}`, { cause });
  }
  if (response.ok)
    return (
      ingestedOf(text) ??
      new PostError(
        `${withoutQuery(url)} did not answer as a Flightline API, whose URL ends in /v1: ${text.slice(0, 200)}`,
      )
    );
  // The header may also be a date. The back-off is enough in that case
  const retry_after_s = Number(response.headers.get("retry-after") ?? 0) || 0;
  const message = `${withoutQuery(url)} answered ${response.status}: ${messageOf(text)}`;
  return new PostError(message, { status: response.status, retry_after_s });
}

/** fetch reports the reason of a failed connection as the cause of its error. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
};

const withoutQuery = (url: string): string => url.replace(/\?.*$/, "");

function ingestedOf(text: string): Ingested | null {
  try {
    const answer = JSON.parse(text) as Ingested | null;
    return typeof answer?.id === "string" ? answer : null;
  } catch {
    return null;
  }
}

/** The message of an API error. For any other body, such as a proxy's page, its beginning. */
function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return text.slice(0, 200);
  }
}
