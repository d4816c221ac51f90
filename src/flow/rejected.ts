import { gunzip, gzip } from "../format/gzip.ts";
import type { Rejection } from "../flight/rejection.ts";

/** A line of a rejected object. */
export interface RejectedRow {
  reason: string;
  field: string | null;
  /** Unix seconds */
  received_at: number;
  source: string;
  place: number;
  /** The row as JSON text, where it was text. */
  row?: string;
  /** Its bytes in base64, where it was not. */
  bytes?: string;
}

const LIMIT = 512 * 1024 * 1024;

/** The body of a rejected object. */
export const encodeRejected = (rejections: readonly Rejection[]): Buffer =>
  gzip(Buffer.from(rejectedLines(rejections)));

/** The same as NDJSON text. */
export const rejectedLines = (rejections: readonly Rejection[]): string =>
  rejections.map((rejection) => `${JSON.stringify(rejectedRow(rejection))}\n`).join("");

function rejectedRow({ reason, field, received_at, source, place, content }: Rejection): RejectedRow {
  const what = "row" in content ? { row: content.row } : { bytes: Buffer.from(content.bytes).toString("base64") };
  return { reason, field, received_at, source, place, ...what };
}

/** The rows of a rejected object of ours. */
export const decodeRejected = (body: Uint8Array): RejectedRow[] =>
  gunzip(body, LIMIT)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RejectedRow);
