import { decodeText, MAX_LINE_BYTES, parseLine, parseLineBytes, type ParsedLine } from "./json.ts";
import type { Rows } from "./rows.ts";

/** A line ends at this byte. */
export const LF = 10;

/** Whether a line consists of spaces, tabs, CR and LF only. */
export const isBlank = (text: string): boolean => !/[^ \t\r\n]/.test(text);

/**
 * Reads whole lines of NDJSON. Each line is passed on as a value, or rejected with its bytes. `first` is the number of the
 * segment's first line. Returns the number of lines.
 */
export function readLines(segment: Uint8Array, first: number, rows: Rows): number {
  const text = decodeText(segment);
  return text === null ? readByteLines(segment, first, rows) : readTextLines(text, first, rows);
}

/** Reads lines as slices of one string, which JSON.parse reads without a copy. */
function readTextLines(text: string, first: number, rows: Rows): number {
  let ordinal = first;
  for (let start = 0; start < text.length; ordinal++) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
    if (line === "" || (line.charCodeAt(0) <= 32 && isBlank(line))) continue;
    const bytes = line.length * 3 > MAX_LINE_BYTES ? Buffer.byteLength(line) : line.length;
    passLine(parseLine(line, bytes), { ordinal, raw: line }, rows);
  }
  return ordinal - first;
}

function readByteLines(segment: Uint8Array, first: number, rows: Rows): number {
  let ordinal = first;
  for (let start = 0; start < segment.length; ordinal++) {
    const end = segment.indexOf(LF, start);
    const line = segment.subarray(start, end < 0 ? segment.length : end);
    start = end < 0 ? segment.length : end + 1;
    if (line.every((byte) => byte === 32 || byte === 9 || byte === 13)) continue;
    const { text, ...parsed } = parseLineBytes(line);
    passLine(parsed, { ordinal, raw: text ?? line }, rows);
  }
  return ordinal - first;
}

function passLine(
  parsed: ParsedLine,
  { ordinal, raw }: { ordinal: number; raw: string | Uint8Array },
  rows: Rows,
): void {
  if ("reason" in parsed)
    rows.reject(parsed.reason, { ordinal, bytes: typeof raw === "string" ? Buffer.from(raw) : raw.slice() });
  else if (typeof raw === "string") rows.value(parsed.value, { ordinal, raw });
}
