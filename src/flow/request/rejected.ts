import { StringDecoder } from "node:string_decoder";
import type { Rejection } from "../../flight/rejection.ts";
import { gunzipPieces, gzip } from "../../format/gzip.ts";

/**
 * A line of a rejected object. Rejected objects are the quarantine: they keep each rejected row with its reason, so that it
 * can be inspected, and replayed under a later contract.
 */
export interface RejectedRow {
  reason: string;
  field: string | null;
  /** Unix seconds */
  received_at: number;
  source: string;
  /** Number of the line, from 1. Zero: a stream record as a whole. */
  line?: number;
  /** Number of the element of a JSON document, from 1. */
  element?: number;
  /** The row as JSON text, if it was decoded. */
  row?: string;
  /** Its bytes in base64, if it was not. */
  bytes?: string;
}

/** The body of a rejected object: NDJSON, gzip. */
export const encodeRejected = (rejections: readonly Rejection[]): Buffer =>
  gzip(Buffer.from(rejectedLines(rejections)));

/** Rejections as NDJSON text. */
export const rejectedLines = (rejections: readonly Rejection[]): string =>
  rejections.map((rejection) => `${JSON.stringify(rejectedRow(rejection))}\n`).join("");

function rejectedRow({ reason, field, received_at, source, ordinal, unit, content }: Rejection): RejectedRow {
  const text = "row" in content ? { row: content.row } : { bytes: Buffer.from(content.bytes).toString("base64") };
  return { reason, field, received_at, source, [unit]: ordinal, ...text };
}

/** Reads the rows of a rejected object one at a time, because there may be millions. */
export async function* readRejected(body: Uint8Array): AsyncGenerator<RejectedRow> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const piece of gunzipPieces(slices(body))) {
    const lines = (rest + decoder.write(piece)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as RejectedRow;
  }
}

/** Bytes that are inflated at once. Gzip inflates to at most about a thousand times the size. */
const SLICE = 4_096;

// oxlint-disable-next-line typescript/require-await -- `gunzipPieces` requires an asynchronous iterator
async function* slices(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += SLICE) yield body.subarray(at, at + SLICE);
}
