import { pause, type Sleep } from "../pause.ts";
import { readJson, UpstreamError, type Fetch, type Reply } from "./request.ts";
import type { Poll, Source, SourceStatus } from "../source.ts";

/** What tests replace, and how long one request may take. */
export interface Surroundings {
  fetch?: Fetch;
  /** Unix s */
  now?: () => number;
  sleep?: Sleep;
  /** In [0, 1) */
  random?: () => number;
  /** s; default 30 */
  timeout_s?: number;
}

export const TIMEOUT_S = 30;
/** Full jitter: a random part of a span that doubles with each failure. */
const FIRST_BACKOFF_S = 2;
const LONGEST_BACKOFF_S = 300;
/** An upstream may ask for hours, not for years. */
const LONGEST_WAIT_S = 86_400;

/** One live feed: how to ask it once. */
export interface Feed {
  name: string;
  attribution: string;
  /** From the beginning of one request to the next. */
  interval_s: number;
  /** The member of an answer that holds its rows: a list, or null when there are none. */
  rows: string;
  /** What a status other than 200 most likely means here. */
  hints: Readonly<Record<number, string>>;
  /** Throws `UpstreamError` when there is no answer. */
  ask(signal: AbortSignal): Promise<Reply>;
  /** For the status, from the headers of a good answer. */
  remark(headers: Headers): string | null;
}

/**
 * Asks the feed again and again. What is no answer with rows is told by the status and not passed on; the next request
 * waits as long as the upstream asked, else longer with each failure. Nothing is made up meanwhile.
 */
export function pollingSource(feed: Feed, around: Surroundings): Source {
  const { now = () => Date.now() / 1_000, sleep = pause, random = Math.random } = around;
  const status = waiting(feed);
  const begun = now();
  async function* polls(signal: AbortSignal): AsyncGenerator<Poll> {
    let failures = 0;
    while (!signal.aborted) {
      const asked = now();
      const answer = await askOnce(feed, signal);
      if (signal.aborted) break;
      if (answer instanceof UpstreamError) {
        const wait_s = waitAfter(answer, failures++, random);
        Object.assign(status, stale(answer, status.last_data ?? begun, now() + wait_s));
        await sleep(wait_s * 1_000, signal);
        continue;
      }
      failures = 0;
      Object.assign(status, { state: "live", last_data: Math.floor(now()), message: feed.remark(answer.headers) });
      yield { source: feed.name, body: answer.body, media_type: "application/json" };
      await sleep(Math.max(0, asked + feed.interval_s - now()) * 1_000, signal);
    }
  }
  return { name: feed.name, polls: (signal) => thenEnded(polls(signal), status), status: () => ({ ...status }) };
}

function waiting({ name, attribution }: Feed): SourceStatus {
  return { name, state: "waiting", last_data: null, message: null, simulated: false, recorded: false, attribution };
}

async function* thenEnded(polls: AsyncIterable<Poll>, status: SourceStatus): AsyncGenerator<Poll> {
  try {
    yield* polls;
  } finally {
    status.state = "ended";
  }
}

function stale(error: UpstreamError, since: number, next: number): Pick<SourceStatus, "state" | "message"> {
  return { state: "stale", message: `stale since ${iso(since)}: ${error.message}; next request at ${iso(next)}` };
}

/** UTC, whole seconds. */
const iso = (time: number) => `${new Date(time * 1_000).toISOString().slice(0, 19)}Z`;

function waitAfter(error: UpstreamError, failures: number, random: () => number): number {
  if (error.retry_after_s !== null) return Math.min(error.retry_after_s, LONGEST_WAIT_S);
  return random() * Math.min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** failures);
}

async function askOnce(feed: Feed, signal: AbortSignal): Promise<Reply | UpstreamError> {
  try {
    const reply = await feed.ask(signal);
    if (reply.status !== 200) throw refusal(feed, reply);
    requireRows(feed, reply.body);
    return reply;
  } catch (error) {
    if (error instanceof UpstreamError) return error;
    throw error;
  }
}

function refusal({ name, hints, interval_s }: Feed, { status, headers }: Reply): UpstreamError {
  const hint = hints[status] ?? (status === 429 ? "too many requests" : null);
  const wait_s = retryAfter(headers) ?? (status === 429 ? interval_s : null);
  return new UpstreamError(`${name} answered ${status}${hint === null ? "" : ` (${hint})`}`, { retry_after_s: wait_s });
}

/** s, from OpenSky's header, else from HTTP's own; a date there is not read. */
function retryAfter(headers: Headers): number | null {
  const text = headers.get("x-rate-limit-retry-after-seconds") ?? headers.get("retry-after") ?? "";
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : null;
}

/** Throws `UpstreamError` for what is not JSON with rows, such as a page of a proxy. The rows themselves are not looked at. */
function requireRows({ name, rows }: Feed, body: Uint8Array): void {
  const answer = readJson(name, body);
  const list = rows in answer ? answer[rows] : undefined;
  if (list !== null && !Array.isArray(list)) throw new UpstreamError(`${name} answered JSON without a list ${rows}`);
}
