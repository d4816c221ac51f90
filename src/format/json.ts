import { isAscii, isUtf8 } from "node:buffer";

/** Nesting from which JSON is not read, counting the outermost value as 1, and digits in a run. */
export const NESTING_LIMIT = 1_000;
const DIGITS_LIMIT = 1_000;
export const LINE_LIMIT = 65_536;

/** A valid value nested that deep needs as many brackets at either end. */
const SHORTEST_DEEP = 2 * NESTING_LIMIT;

/** Whether containers nest `NESTING_LIMIT` deep or deeper. `text` is valid JSON. */
export function nestsTooDeep(text: string): boolean {
  if (text.length < SHORTEST_DEEP) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) i = endOfString(text, i);
    else if (code === 91 || code === 123) {
      if (++depth >= NESTING_LIMIT) return true;
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

/** Fewer opening brackets than this cannot nest too deep; counting them is a quarter of walking the text. */
export function opensFewer(text: string, than: number): boolean {
  let found = 0;
  for (const bracket of ["[", "{"])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) if (++found >= than) return false;
  return true;
}

/** Escapes are read in the text as it stands, a backslash and the character after it together. */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|[^])/g;

/** Whether an escape in the text is a surrogate without its other half right behind or before it. */
export function hasUnpairedEscape(text: string): boolean {
  if (!text.includes("\\u")) return false;
  let highEndsAt = -1;
  for (const found of text.matchAll(ESCAPE)) {
    const unit = found[1] === undefined ? 0 : parseInt(found[1], 16);
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (isLow ? highEndsAt !== found.index : highEndsAt >= 0) return true;
    highEndsAt = unit >= 0xd800 && unit <= 0xdbff ? found.index + found[0].length : -1;
  }
  return highEndsAt >= 0;
}

/** Begins where a run does, so that the time grows with the length alone. */
const LONG_DIGITS = new RegExp(`(?<![0-9])[0-9]{${DIGITS_LIMIT}}`);

/** Whether so many digits stand in a run that a line may not hold them. */
export const hasLongDigits = (text: string): boolean => text.length >= DIGITS_LIMIT && LONG_DIGITS.test(text);

export type ParsedLine = { value: unknown } | { reason: "too_large" | "not_utf8" | "not_json" };

/** One line of NDJSON, without its LF; `bytes` is its length in bytes. The first reason that holds. */
export function parseLine(text: string, bytes: number): ParsedLine {
  if (bytes > LINE_LIMIT) return { reason: "too_large" };
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

/** The same from bytes of which it is not known whether they are UTF-8. */
export function parseLineBytes(line: Uint8Array): ParsedLine & { text?: string } {
  if (line.length > LINE_LIMIT) return { reason: "too_large" };
  const text = decodeText(line);
  if (text === null) return { reason: "not_utf8" };
  return { ...parseLine(text, line.length), text };
}

/** Bytes as text, null when they are not UTF-8; a byte order mark stays. */
export const decodeText = (bytes: Uint8Array): string | null =>
  isAscii(bytes) || isUtf8(bytes) ? toText(bytes) : null;

/** Bytes known to be UTF-8 as text. What is ASCII, as most is, is copied and not decoded. */
export function toText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString(isAscii(buffer) ? "latin1" : "utf8");
}
