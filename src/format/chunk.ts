import { isUtf8 } from "node:buffer";
import type { Origin } from "../flight/fill.ts";
import { sourcePattern } from "../flight/identifiers.ts";
import { addOrReject, addRejection, type Decoded } from "./decoded.ts";
import { TooLargeError, UndecodableError } from "./errors.ts";
import { gunzip, gzip, MAX_INFLATED_BYTES, isGzip } from "./gzip.ts";
import { MAX_LINE_BYTES, parseLine, toText } from "./json.ts";
import { LF, readLines } from "./lines.ts";

/**
 * A chunk is the data of one stream record: NDJSON of row objects, gzip or plain. Its first line may be a header such as
 * `{"flightline":1,"source":"opensky","rows":120}`. Producers put many rows into a chunk, because Kinesis bills each record
 * in units of 25 KB.
 *
 * This is its media type. Replay uses it for a record that was rejected as a whole.
 */
export const CHUNK_MEDIA_TYPE = "application/vnd.flightline.chunk";

const SOURCE = new RegExp(sourcePattern);

/**
 * Decodes a chunk. Each row is added to the result of `into()`, which may be a different object for each row.
 * `origin.source` applies if the header names no source. Never throws: a chunk that cannot be decoded becomes one rejection
 * with its bytes. Returns the number of bytes read, after inflation.
 */
export function decodeChunk(data: Uint8Array, origin: Origin, into: () => Decoded): number {
  const whole = (reason: string): number => {
    addRejection(into(), reason, origin, { ordinal: 0, content: { bytes: data } });
    return data.length;
  };
  let bytes = data;
  try {
    if (isGzip(data)) bytes = gunzip(data, MAX_INFLATED_BYTES);
  } catch (error) {
    if (error instanceof TooLargeError) return whole("too_large");
    if (error instanceof UndecodableError) return whole("not_gzip");
    throw error;
  }
  if (bytes.length > MAX_INFLATED_BYTES) return whole("too_large");
  const header = readHeader(bytes);
  if (header === "bad_header") return whole("bad_header");
  const rowOrigin = { ...origin, source: header?.source ?? origin.source };
  readLines(bytes.subarray(header?.length ?? 0), header === undefined ? 1 : 2, {
    value: (value, line = { ordinal: 0, raw: "" }) =>
      addOrReject(into(), Array.isArray(value) ? null : value, rowOrigin, line),
    record: () => {},
    reject: (reason, { ordinal, bytes: line }) =>
      addRejection(into(), reason, rowOrigin, { ordinal, content: { bytes: line } }),
  });
  return bytes.length;
}

/** The first line if it is a header: its source, and its length in bytes with the LF. */
function readHeader(bytes: Uint8Array): { source: string | undefined; length: number } | "bad_header" | undefined {
  const end = bytes.indexOf(LF);
  const line = bytes.subarray(0, end < 0 ? bytes.length : end);
  // Chunks of other producers rarely have a header. This test avoids parsing their first row twice
  if (line.length > MAX_LINE_BYTES || !isUtf8(line) || !line.includes(0x6c)) return undefined;
  const text = toText(line);
  if (!text.includes("flightline") && !text.includes("\\u")) return undefined;
  const parsed = parseLine(text, line.length);
  if ("reason" in parsed || typeof parsed.value !== "object" || parsed.value === null) return undefined;
  if (!Object.hasOwn(parsed.value, "flightline")) return undefined;
  const { flightline, source } = parsed.value as { flightline: unknown; source?: unknown };
  const named = source ?? undefined;
  if (flightline !== 1 || (named !== undefined && (typeof named !== "string" || !SOURCE.test(named))))
    return "bad_header";
  return { source: named, length: end < 0 ? bytes.length : end + 1 };
}

/** Encodes a chunk with a header, gzip. Invariant: `lines` contain no LF. */
export function encodeChunk(source: string, lines: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`${JSON.stringify({ flightline: 1, source, rows: lines.length })}\n`)];
  const feed = Buffer.from("\n");
  for (const line of lines) parts.push(line, feed);
  return gzip(Buffer.concat(parts));
}
