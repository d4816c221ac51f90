import type { FlatFormat } from "../flow/objects/keys.ts";
import type { Ingested } from "../flow/request/ingest.ts";
import { postBody, type PostedBody, type PostError } from "../flow/request/post-body.ts";

/** An API that accepts bodies, and how to authenticate. */
export interface PostTarget {
  /** Base URL, with the stage. */
  url: string;
  source: string | undefined;
  format: FlatFormat;
  /** API key. Undefined: requests to API Gateway are signed. */
  key: string | undefined;
  /** Region to sign for, where the host name does not contain it. */
  region: string | undefined;
  signal: AbortSignal;
  /** Called before each retry. */
  onRetry?: (error: PostError) => void;
}

/** The host names of API Gateway contain the region to sign for. */
const GATEWAY = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com$/;
const MAX_ATTEMPTS = 8;

/** Returns a function that posts one body to the target. It throws `PostError`. */
export function postTo(target: PostTarget): (body: PostedBody) => Promise<Ingested> {
  const { format, source, signal, onRetry } = target;
  const query = new URLSearchParams({ format, ...(source === undefined ? {} : { source }) });
  const url = `${target.url.replace(/\/$/, "")}/states?${query}`;
  const headers = (body: PostedBody) => authentication(url, body, target);
  return (body) => postBody(url, body, { signal, headers, max_attempts: MAX_ATTEMPTS, onRetry });
}

async function authentication(
  url: string,
  { body, media_type }: PostedBody,
  target: PostTarget,
): Promise<Record<string, string>> {
  if (target.key !== undefined) return { "x-api-key": target.key };
  const region = target.region ?? GATEWAY.exec(new URL(url).hostname)?.[1];
  if (region === undefined) return {};
  const { signedHeaders } = await import("../aws/signed-headers.ts");
  return signedHeaders(new URL(url), { region, body, headers: { "content-type": media_type } });
}
