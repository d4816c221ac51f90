import { NULL_BOOLEAN, UNUSABLE_BOOLEAN, UNUSABLE_NUMBER, UNUSABLE_TEXT } from "./batch.ts";

/**
 * Coercion: converts one raw value (a leaf of JSON or a cell of CSV) to its field's kind. The result is a value, null or
 * unusable. Only these functions convert between kinds. A leaf is a result of `JSON.parse`, or undefined for a missing
 * member.
 */

const NUMBER = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const OPEN_BRACE = 123;
const OPEN_BRACKET = 91;

/** Removes U+0000 to U+0020 at both ends. */
export function trimText(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** Returns text, null or `UNUSABLE_TEXT`. */
export function coerceText(leaf: unknown): string | null {
  if (typeof leaf === "string") {
    const text = trimText(leaf);
    const first = text.charCodeAt(0);
    return first === OPEN_BRACE || first === OPEN_BRACKET || !isWellFormed(text) ? UNUSABLE_TEXT : text;
  }
  if (leaf === null || leaf === undefined) return null;
  if (typeof leaf === "boolean") return String(leaf);
  if (typeof leaf === "number") return Number.isSafeInteger(leaf) ? String(leaf + 0) : UNUSABLE_TEXT;
  return UNUSABLE_TEXT;
}

/** False for text with an unpaired surrogate. */
export const isWellFormed = (text: string): boolean => (text as string & { isWellFormed(): boolean }).isWellFormed();

/** Returns a finite number, NaN for null, or Infinity for unusable. Never -0: adding 0 makes it 0. */
export function coerceNumber(leaf: unknown): number {
  if (typeof leaf === "number") return Number.isFinite(leaf) ? leaf + 0 : UNUSABLE_NUMBER;
  if (leaf === null || leaf === undefined) return NaN;
  if (typeof leaf !== "string") return UNUSABLE_NUMBER;
  const text = trimText(leaf);
  if (text === "") return NaN;
  if (!NUMBER.test(text)) return UNUSABLE_NUMBER;
  const value = Number(text);
  return Number.isFinite(value) ? value + 0 : UNUSABLE_NUMBER;
}

/** Like `coerceNumber`, then rounded down. Beyond 2^53 - 1 the value is unusable. */
export function coerceInteger(leaf: unknown): number {
  const value = Math.floor(coerceNumber(leaf)) + 0;
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? UNUSABLE_NUMBER : value;
}

/** Returns 0, 1, `NULL_BOOLEAN` or `UNUSABLE_BOOLEAN`. */
export function coerceBoolean(leaf: unknown): number {
  if (leaf === true) return 1;
  if (leaf === false) return 0;
  if (typeof leaf === "string") {
    const word = trimText(leaf);
    if (/^(true|t)$/i.test(word)) return 1;
    if (/^(false|f)$/i.test(word)) return 0;
  }
  const value = coerceNumber(leaf);
  if (Number.isNaN(value)) return NULL_BOOLEAN;
  return value === 1 || value === 0 ? value : UNUSABLE_BOOLEAN;
}
