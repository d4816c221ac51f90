import { isAscii, isUtf8 } from "node:buffer";

/**
 * Limits of JSON that both engines can parse. Nesting is rejected from this depth on, counting the outermost value as 1.
 * Digits are rejected from this length of a run on. A line may have at most `MAX_LINE_BYTES` bytes.
 */
export const MIN_REJECTED_DEPTH = 1_000;
const MIN_REJECTED_DIGITS = 1_000;
export const MAX_LINE_BYTES = 65_536;

/** The shortest text that nests too deep: one bracket per level at each end. */
const MIN_DEEP_LENGTH = 2 * MIN_REJECTED_DEPTH;

/** Whether containers nest `MIN_REJECTED_DEPTH` deep or deeper. `text` is valid JSON. */
export function nestsTooDeep(text: string): boolean {
  if (text.length < MIN_DEEP_LENGTH) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) i = endOfString(text, i);
    else if (code === 91 || code === 123) {
      if (++depth >= MIN_REJECTED_DEPTH) return true;
    } else if (code === 93 || code === 125) depth--;
  }
  return false;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; ; i++) {
    const code = text.charCodeAt(i);
    if (code === 92) i++;
    else if (code === 34 || Number.isNaN(code)) return i;
  }
}

/**
 * Whether the text has fewer opening brackets than `limit`. Such a text cannot nest too deep. Counting brackets takes a
 * quarter of the time of `nestsTooDeep`.
 */
export function opensFewer(text: string, limit: number): boolean {
  let count = 0;
  for (const bracket of ["[", "{"])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++count >= limit) return false;
  return true;
}

/** An escape sequence: a backslash and the character after it, so that an escaped backslash does not start another one. */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|[^])/g;

/** Whether the text has an escaped surrogate that is not next to its other half. */
export function hasUnpairedEscape(text: string): boolean {
  if (!text.includes("\\u")) return false;
  let highEndsAt = -1;
  for (const escape of text.matchAll(ESCAPE)) {
    const unit = escape[1] === undefined ? 0 : parseInt(escape[1], 16);
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (isLow ? highEndsAt !== escape.index : highEndsAt >= 0) return true;
    highEndsAt = unit >= 0xd800 && unit <= 0xdbff ? escape.index + escape[0].length : -1;
  }
  return highEndsAt >= 0;
}

/** Matches only from the first digit of a run, so that the time grows linearly with the length. */
const LONG_DIGITS = new RegExp(`(?<![0-9])[0-9]{${MIN_REJECTED_DIGITS}}`);

/** Whether the text has a run of digits that is too long. */
export const hasLongDigits = (text: string): boolean => text.length >= MIN_REJECTED_DIGITS && LONG_DIGITS.test(text);

export type ParsedLine = { value: unknown } | { reason: "too_large" | "not_utf8" | "not_json" };

/** Parses one line of NDJSON without its LF. `bytes` is its length in bytes. Returns the value or the first reason. */
export function parseLine(text: string, bytes: number): ParsedLine {
  if (bytes > MAX_LINE_BYTES) return { reason: "too_large" };
  if (hasUnpairedEscape(text)) return { reason: "not_utf8" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: "not_json" };
  }
  if (hasLongDigits(text) || nestsTooDeep(text)) return { reason: "not_json" };
  return { value };
}

/** `parseLine` for bytes that may not be UTF-8. */
export function parseLineBytes(line: Uint8Array): ParsedLine & { text?: string } {
  if (line.length > MAX_LINE_BYTES) return { reason: "too_large" };
  const text = decodeText(line);
  if (text === null) return { reason: "not_utf8" };
  return { ...parseLine(text, line.length), text };
}

/** Bytes as text, with any byte order mark. Null if they are not UTF-8. */
export const decodeText = (bytes: Uint8Array): string | null =>
  isAscii(bytes) || isUtf8(bytes) ? toText(bytes) : null;

/** Bytes that are known to be UTF-8 as text. Most are ASCII, which `latin1` copies without decoding. */
export function toText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString(isAscii(buffer) ? "latin1" : "utf8");
}
