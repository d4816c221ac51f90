import { createHash } from "node:crypto";

const sha256 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};
const ID_DIGITS = 32;

/** What makes two requests one: the key, or else what was sent. */
export interface RequestIdentity {
  idempotency_key: string | undefined;
  source: string | undefined;
  format: string;
  media_type: string;
}

/** Delivery id of an ingestion: `r` and 32 hex digits. `body` is inflated. */
export function ingestionId(of: RequestIdentity, body: Uint8Array): string {
  const { idempotency_key: key, source, format, media_type } = of;
  const hash =
    key === undefined
      ? sha256(`${JSON.stringify(["body", source ?? null, format, media_type])}\n`, body)
      : sha256(JSON.stringify(["key", key]));
  return `r${hash.slice(0, ID_DIGITS)}`;
}

/** Delivery id of a stream record: `s` and 32 hex digits. */
export const recordId = (stream: string, partition_key: string, sequence_number: string): string =>
  `s${sha256(JSON.stringify([stream, partition_key, sequence_number])).slice(0, ID_DIGITS)}`;

/** Batch id of several deliveries, whatever their order: `b` and 32 hex digits. */
export const batchId = (deliveries: readonly string[]): string =>
  `b${sha256([...deliveries].sort().join("\n")).slice(0, ID_DIGITS)}`;

/** Delivery id of a rejected row's replay under a contract: the same row is replayed once per contract. */
export const replayId = (original: string, place: string, contract: string): string =>
  `r${sha256(JSON.stringify(["replay", original, place, contract])).slice(0, ID_DIGITS)}`;

/** SHA-256 of a body, in hex. */
export const bodyHash = (body: Uint8Array): string => sha256(body);
