import { CSV, NDJSON } from "../../format/body.ts";
import { TooLargeError } from "../../format/errors.ts";
import { MAX_INFLATED_BYTES, inflate, isGzip } from "../../format/gzip.ts";
import { UnavailableError } from "../errors.ts";
import type { FlatFormat } from "../objects/keys.ts";
import { ingest, type IngestPorts } from "../request/ingest.ts";
import { BadRequestError, headerOf, json, type ProxyEvent, type ProxyResult } from "./http.ts";
import type { Values } from "./parameters.ts";

/** Bytes of a body as it is sent. A Lambda event has at most 6 MB and contains the body in base64. */
export const MAX_WIRE_BYTES = 4 * 1024 * 1024;
/** Bytes of all bodies in memory, after inflation. Beyond this, clients must wait: this is the API's backpressure. */
const MAX_HELD_BYTES = 128 * 1024 * 1024;

const mediaTypes = ["application/json", NDJSON, CSV, "application/gzip", "application/octet-stream"];

/** Bytes of the inflated bodies that are being processed. */
let held = 0;

/** `POST /states`: ingests a body and answers 202 with the counts. `now_s` is the time of arrival in Unix seconds. */
export async function postStates(
  { context, now_s }: { context: IngestPorts; now_s: number },
  event: ProxyEvent,
  values: Values,
): Promise<ProxyResult> {
  const media_type = mediaTypeOf(event);
  const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  if (body.length > MAX_WIRE_BYTES) throw new TooLargeError(`the body has more than ${MAX_WIRE_BYTES} bytes`);
  const inflated = isGzip(body) ? inflateWithin(body) : body;
  if (held + inflated.length > MAX_HELD_BYTES) throw overloaded();
  held += inflated.length;
  try {
    const request = {
      body,
      media_type,
      source: values["source"] as string | undefined,
      format: values["format"] as FlatFormat,
      idempotency_key: values["Idempotency-Key"] as string | undefined,
      received_at: Math.floor(now_s),
    };
    const ingested = await ingest(request, inflated, context);
    const stage = event.requestContext.path.slice(0, -event.path.length);
    const status = `${stage}/ingestions/${ingested.id}`;
    return json(202, { ...ingested, status }, { location: status });
  } finally {
    held -= inflated.length;
  }
}

const overloaded = (cause?: unknown): UnavailableError =>
  new UnavailableError("the server is processing too many large bodies", { retry_after_s: 2, cause });

function inflateWithin(body: Uint8Array): Uint8Array {
  try {
    return inflate(body, Math.min(MAX_INFLATED_BYTES, Math.max(0, MAX_HELD_BYTES - held)));
  } catch (error) {
    if (error instanceof TooLargeError && held > MAX_HELD_BYTES - MAX_INFLATED_BYTES) throw overloaded(error);
    throw error;
  }
}

function mediaTypeOf(event: ProxyEvent): string {
  const header = headerOf(event, "content-type") ?? "application/json";
  const media_type = header.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!mediaTypes.includes(media_type))
    throw new BadRequestError(
      "unsupported media type",
      { code: "unsupported_media_type", path: "Content-Type", value: header.slice(0, 100), allowed: mediaTypes },
      415,
    );
  const encoding = headerOf(event, "content-encoding")?.toLowerCase();
  if (encoding !== undefined && !["gzip", "identity"].includes(encoding))
    throw new BadRequestError(
      "unsupported content encoding",
      {
        code: "unsupported_media_type",
        path: "Content-Encoding",
        value: encoding.slice(0, 100),
        allowed: ["gzip", "identity"],
      },
      415,
    );
  return media_type;
}
