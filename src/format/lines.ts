import { decodeText, LINE_LIMIT, parseLine, parseLineBytes, type ParsedLine } from "./json.ts";
import type { Rows } from "./rows.ts";

/** A line ends at this byte. */
export const LF = 10;

/** Space, tab, CR and LF: what blank lines are made of. */
export const isBlank = (text: string): boolean => !/[^ \t\r\n]/.test(text);

/**
 * Reads whole lines of NDJSON: each is told as a value or rejected alone, with its bytes. `first` is the number of the
 * segment's first line. Returns how many lines there were.
 */
export function readLines(segment: Uint8Array, first: number, rows: Rows): number {
  const text = decodeText(segment);
  return text === null ? readByteLines(segment, first, rows) : readTextLines(text, first, rows);
}

/** One string for the whole segment: lines are slices of it, which JSON.parse reads where they are. */
function readTextLines(text: string, first: number, rows: Rows): number {
  let ordinal = first;
  for (let start = 0; start < text.length; ordinal++) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
    if (line === "" || (line.charCodeAt(0) <= 32 && isBlank(line))) continue;
    const bytes = line.length * 3 > LINE_LIMIT ? Buffer.byteLength(line) : line.length;
    settle(parseLine(line, bytes), { ordinal, raw: line }, rows);
  }
  return ordinal - first;
}

function readByteLines(segment: Uint8Array, first: number, rows: Rows): number {
  let ordinal = first;
  for (let start = 0; start < segment.length; ordinal++) {
    const found = segment.indexOf(LF, start);
    const line = segment.subarray(start, found < 0 ? segment.length : found);
    start = found < 0 ? segment.length : found + 1;
    if (line.every((byte) => byte === 32 || byte === 9 || byte === 13)) continue;
    const { text, ...parsed } = parseLineBytes(line);
    settle(parsed, { ordinal, raw: text ?? line }, rows);
  }
  return ordinal - first;
}

function settle(parsed: ParsedLine, { ordinal, raw }: { ordinal: number; raw: string | Uint8Array }, rows: Rows): void {
  if ("reason" in parsed)
    rows.reject(parsed.reason, { ordinal, bytes: typeof raw === "string" ? Buffer.from(raw) : raw.slice() });
  else if (typeof raw === "string") rows.value(parsed.value, { ordinal, raw });
}
