import type { Ingested } from "../flow/request/ingest.ts";
import type { FlatFormat } from "../flow/objects/keys.ts";
import { backoff, pause } from "../retry.ts";
import { CliError } from "./command.ts";

export interface Body {
  body: Uint8Array;
  media_type: string;
}

/** An API that takes bodies, and how it lets us in. */
export interface Target {
  url: string;
  source: string | undefined;
  format: FlatFormat;
  /** Key of the API. */
  key: string | undefined;
  /** Region to sign for, where the host does not tell it. */
  region: string | undefined;
  signal: AbortSignal;
}

/** A host of API Gateway takes signed requests, unless it takes a key. */
const GATEWAY = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com$/;

async function credentials(to: string, { body, media_type }: Body, of: Target): Promise<Record<string, string>> {
  if (of.key !== undefined) return { "x-api-key": of.key };
  const region = of.region ?? GATEWAY.exec(new URL(to).hostname)?.[1];
  if (region === undefined) return {};
  const { signedHeaders } = await import("../aws/signed-headers.ts");
  return signedHeaders(new URL(to), { region, body, headers: { "content-type": media_type } });
}

/** What passes: too many requests, a store that is away, a gateway that waited too long. */
const PASSING = new Set([429, 502, 503, 504]);
const ATTEMPTS = 8;
const MAX_WAIT_S = 60;

/**
 * Posts bodies one after the other; one that comes twice is stored once, so what may pass is tried again, after the wait that
 * the answer asks for. Throws `CliError`.
 */
export function postTo(target: Target): (body: Body) => Promise<Ingested> {
  const { url, format, source, signal } = target;
  const query = new URLSearchParams({ format, ...(source === undefined ? {} : { source }) });
  const to = `${url.replace(/\/$/, "")}/states?${query}`;
  return async (body) => {
    for (let failures = 0; ; failures++) {
      const response = await postOnce(to, body, target);
      if (response.ok) return (await response.json()) as Ingested;
      const refusal = new CliError(`${url} answered ${response.status}: ${messageOf(await response.text())}`);
      if (!PASSING.has(response.status) || failures === ATTEMPTS - 1) throw refusal;
      // seconds; a date, which the header may also hold, is left to the back-off
      const asked_s = Number(response.headers.get("retry-after") ?? 0) || 0;
      await pause(Math.max(backoff(failures), Math.min(asked_s, MAX_WAIT_S) * 1_000), signal);
      if (signal.aborted) throw refusal;
    }
  };
}

async function postOnce(to: string, body: Body, target: Target): Promise<Response> {
  const headers = { "content-type": body.media_type, ...(await credentials(to, body, target)) };
  return fetch(to, { method: "POST", headers, body: Buffer.from(body.body) }).catch((cause: unknown) => {
    throw new CliError(
      `${target.url} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
      1,
      {
        cause,
      },
    );
  });
}

/** The message of our errors; of anything else, such as a proxy's page, its beginning. */
function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return text.slice(0, 200);
  }
}
