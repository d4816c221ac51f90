import { createHash } from "node:crypto";
import type { Flow } from "../ports.ts";

const sha256 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};
const ID_DIGITS = 32;

export const FLOWS = ["request", "stream"] as const satisfies readonly Flow[];

/** The first letter of every delivery id of a flow. */
export const ID_LETTER: Readonly<Record<Flow, string>> = { request: "r", stream: "s" };
/** The first letter of a batch id that is a hash of several stream deliveries. */
const BATCH_LETTER = "b";

/** The flow that a delivery or batch id belongs to. Ids of ingestions begin with `r`, all others are of the stream. */
export const flowOf = (id: string): Flow => (id.startsWith(ID_LETTER.request) ? "request" : "stream");

/** The facts that identify a request: its Idempotency-Key, or without one its parameters and body. */
export interface RequestIdentity {
  idempotency_key: string | undefined;
  source: string | undefined;
  format: string;
  media_type: string;
}

/**
 * Delivery id of an ingestion: `r` and 32 hex digits. `body` is inflated. A repeated request has the same id, so it becomes
 * the same ingestion.
 */
export function ingestionId(request: RequestIdentity, body: Uint8Array): string {
  const { idempotency_key: key, source, format, media_type } = request;
  const hash =
    key === undefined
      ? sha256(`${JSON.stringify(["body", source ?? null, format, media_type])}\n`, body)
      : sha256(JSON.stringify(["key", key]));
  return `${ID_LETTER.request}${hash.slice(0, ID_DIGITS)}`;
}

/** Delivery id of a stream record: `s` and 32 hex digits. */
export const recordId = (stream: string, partition_key: string, sequence_number: string): string =>
  `${ID_LETTER.stream}${sha256(JSON.stringify([stream, partition_key, sequence_number])).slice(0, ID_DIGITS)}`;

/** Batch id of several deliveries in any order: `b` and 32 hex digits. */
export const batchId = (deliveries: readonly string[]): string =>
  `${BATCH_LETTER}${sha256([...deliveries].sort().join("\n")).slice(0, ID_DIGITS)}`;

/** Delivery id of the replay of a rejected row. It contains the contract, so that a row is replayed once per contract. */
export const replayId = (original: string, row: string, contract: string): string =>
  `${ID_LETTER.request}${sha256(JSON.stringify(["replay", original, row, contract])).slice(0, ID_DIGITS)}`;

/** SHA-256 of a body, in hex. */
export const bodyHash = (body: Uint8Array): string => sha256(body);
