import { pause, type Sleep } from "../../retry.ts";
import type { Poll, Source, SourceStatus } from "../source.ts";
import { readJson, UpstreamError, type Fetch, type Reply } from "./request.ts";

/** The effects of a polling source. Tests replace them. */
export interface PollingDependencies {
  fetch?: Fetch;
  /** Unix s */
  now?: () => number;
  sleep?: Sleep;
  /** In [0, 1) */
  random?: () => number;
  /** s for one request; default 30 */
  timeout_s?: number;
}

export const TIMEOUT_S = 30;
/** Full jitter: a random wait below a bound that doubles with each failure. */
const BASE_BACKOFF_S = 2;
const MAX_BACKOFF_S = 300;
/** Limits the wait that an upstream requests, so that a wrong header cannot stop the source for years. */
const MAX_WAIT_S = 86_400;

/** One live service and how to request from it. */
export interface Upstream {
  name: string;
  attribution: string;
  /** s from the start of one request to the start of the next. */
  interval_s: number;
  /** The member of the response that contains its rows: a list, or null when there are none. */
  rows: string;
  /** The most likely meaning of a status other than 200 at this service. */
  hints: Readonly<Record<number, string>>;
  /** One request. Throws `UpstreamError` when the service does not answer. */
  fetchOnce(signal: AbortSignal): Promise<Reply>;
  /** The message of the source's status after a good response, from its headers. */
  statusMessage(headers: Headers): string | null;
}

/**
 * A source that polls an upstream until its signal aborts.
 *
 * A failed response is not a poll: the status reports it and becomes stale. The next request waits as long as the
 * upstream requested, or with backoff.
 */
export function pollingSource(upstream: Upstream, dependencies: PollingDependencies): Source {
  const { now = () => Date.now() / 1_000, sleep = pause, random = Math.random } = dependencies;
  const status = initialStatus(upstream);
  const created_at = now();
  async function* polls(signal: AbortSignal): AsyncGenerator<Poll> {
    let failures = 0;
    while (!signal.aborted) {
      const requested_at = now();
      const reply = await fetchRows(upstream, signal);
      if (signal.aborted) break;
      if (reply instanceof UpstreamError) {
        const wait_s = waitAfter(reply, failures++, random);
        Object.assign(status, staleStatus(reply, status.last_data ?? created_at, now() + wait_s));
        await sleep(wait_s * 1_000, signal);
        continue;
      }
      failures = 0;
      const message = upstream.statusMessage(reply.headers);
      Object.assign(status, { state: "live", last_data: Math.floor(now()), message });
      yield { source: upstream.name, body: reply.body, media_type: "application/json" };
      await sleep(Math.max(0, requested_at + upstream.interval_s - now()) * 1_000, signal);
    }
  }
  return { name: upstream.name, polls: (signal) => thenEnded(polls(signal), status), status: () => ({ ...status }) };
}

function initialStatus({ name, attribution }: Upstream): SourceStatus {
  return { name, state: "waiting", last_data: null, message: null, simulated: false, recorded: false, attribution };
}

async function* thenEnded(polls: AsyncIterable<Poll>, status: SourceStatus): AsyncGenerator<Poll> {
  try {
    yield* polls;
  } finally {
    status.state = "ended";
  }
}

function staleStatus(error: UpstreamError, since: number, next: number): Pick<SourceStatus, "state" | "message"> {
  return { state: "stale", message: `stale since ${iso(since)}: ${error.message}; next request at ${iso(next)}` };
}

/** UTC, whole seconds. */
const iso = (time: number) => `${new Date(time * 1_000).toISOString().slice(0, 19)}Z`;

function waitAfter(error: UpstreamError, failures: number, random: () => number): number {
  if (error.retry_after_s !== null) return Math.min(error.retry_after_s, MAX_WAIT_S);
  return random() * Math.min(MAX_BACKOFF_S, BASE_BACKOFF_S * 2 ** failures);
}

async function fetchRows(upstream: Upstream, signal: AbortSignal): Promise<Reply | UpstreamError> {
  try {
    const reply = await upstream.fetchOnce(signal);
    if (reply.status !== 200) throw statusError(upstream, reply);
    requireRows(upstream, reply.body);
    return reply;
  } catch (error) {
    if (error instanceof UpstreamError) return error;
    throw error;
  }
}

function statusError({ name, hints, interval_s }: Upstream, { status, headers }: Reply): UpstreamError {
  const hint = hints[status] ?? (status === 429 ? "too many requests" : null);
  const wait_s = retryAfter(headers) ?? (status === 429 ? interval_s : null);
  return new UpstreamError(`${name} answered ${status}${hint === null ? "" : ` (${hint})`}`, { retry_after_s: wait_s });
}

/** s, from OpenSky's header, else from HTTP's `Retry-After`. An HTTP date is ignored. */
function retryAfter(headers: Headers): number | null {
  const text = headers.get("x-rate-limit-retry-after-seconds") ?? headers.get("retry-after") ?? "";
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : null;
}

/**
 * Throws `UpstreamError` for a body without a list of rows, such as an error page of a proxy. The cleaner checks the
 * rows themselves.
 */
function requireRows({ name, rows }: Upstream, body: Uint8Array): void {
  const members = readJson(name, body);
  const list = rows in members ? members[rows] : undefined;
  if (list !== null && !Array.isArray(list)) throw new UpstreamError(`${name} sent JSON without the list "${rows}"`);
}
