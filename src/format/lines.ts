import { isUtf8 } from "node:buffer";
import type { BodyOrigin, Decoded } from "./decoded.ts";
import { reject } from "./decoded.ts";
import { LINE_LIMIT, parseLine, parseLineBytes, toText, type ParsedLine } from "./json.ts";

const LF = 10;

/** What to do with a line that is JSON: `text` is the line as it stood. */
export type OnValue = (value: unknown, line: { place: number; raw: string }) => void;

/** Space, tab, CR and LF: what blank lines are made of. */
export const isBlank = (text: string): boolean => !/[^ \t\r\n]/.test(text);

/**
 * Reads whole lines of NDJSON: each is handed to `onValue` or rejected alone, with its bytes. `first` is the number of the
 * segment's first line. Returns how many lines there were.
 */
export function readLines(
  segment: Uint8Array,
  first: number,
  into: { decoded: Decoded; origin: BodyOrigin; onValue: OnValue },
): number {
  return isUtf8(segment) ? readTextLines(toText(segment), first, into) : readByteLines(segment, first, into);
}

type Into = { decoded: Decoded; origin: BodyOrigin; onValue: OnValue };

/** One string for the whole segment: lines are slices of it, which JSON.parse reads where they are. */
function readTextLines(text: string, first: number, into: Into): number {
  let place = first;
  for (let start = 0; start < text.length; place++) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
    const bytes = line.length * 3 > LINE_LIMIT ? Buffer.byteLength(line) : line.length;
    if (line.charCodeAt(0) <= 32 && isBlank(line)) continue;
    if (line !== "") settle(parseLine(line, bytes), { place, raw: line }, into);
  }
  return place - first;
}

function readByteLines(segment: Uint8Array, first: number, into: Into): number {
  let place = first;
  for (let start = 0; start < segment.length; place++) {
    const found = segment.indexOf(LF, start);
    const line = segment.subarray(start, found < 0 ? segment.length : found);
    start = found < 0 ? segment.length : found + 1;
    if (line.every((byte) => byte === 32 || byte === 9 || byte === 13)) continue;
    const { text, ...parsed } = parseLineBytes(line);
    settle(parsed, { place, raw: text ?? line }, into);
  }
  return place - first;
}

function settle(parsed: ParsedLine, line: { place: number; raw: string | Uint8Array }, into: Into): void {
  const { raw, place } = line;
  if ("reason" in parsed)
    reject(into.decoded, parsed.reason, into.origin, { place, bytes: typeof raw === "string" ? Buffer.from(raw) : raw.slice() });
  else if (typeof raw === "string") into.onValue(parsed.value, { place, raw });
}
