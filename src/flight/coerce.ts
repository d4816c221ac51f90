import { NULL_BOOLEAN, UNUSABLE_BOOLEAN, UNUSABLE_NUMBER, UNUSABLE_TEXT } from "./batch.ts";

/**
 * From a leaf as JSON or CSV gave it to a value, null or unusable, by the field's kind: the only casts there are.
 * A leaf is what `JSON.parse` makes, or undefined for a missing member.
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

/** Text, null or `UNUSABLE_TEXT`. */
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

/** A finite number, NaN for null, or Infinity for unusable. Never -0. */
export function coerceNumber(leaf: unknown): number {
  if (typeof leaf === "number") return Number.isFinite(leaf) ? leaf + 0 : UNUSABLE_NUMBER;
  if (leaf === null || leaf === undefined) return NaN;
  if (typeof leaf !== "string") return UNUSABLE_NUMBER;
  const text = trimText(leaf);
  if (text === "") return NaN;
  if (!NUMBER.test(text)) return UNUSABLE_NUMBER;
  const found = Number(text);
  return Number.isFinite(found) ? found + 0 : UNUSABLE_NUMBER;
}

/** As a number, then floor; beyond 2^53 - 1 Infinity, which is unusable. */
export function coerceInteger(leaf: unknown): number {
  const found = Math.floor(coerceNumber(leaf)) + 0;
  return Math.abs(found) > Number.MAX_SAFE_INTEGER ? UNUSABLE_NUMBER : found;
}

/** 0, 1, `NULL_BOOLEAN` or `UNUSABLE_BOOLEAN`. */
export function coerceBoolean(leaf: unknown): number {
  if (leaf === true) return 1;
  if (leaf === false) return 0;
  if (typeof leaf === "string") {
    const word = trimText(leaf);
    if (/^(true|t)$/i.test(word)) return 1;
    if (/^(false|f)$/i.test(word)) return 0;
  }
  const found = coerceNumber(leaf);
  if (Number.isNaN(found)) return NULL_BOOLEAN;
  return found === 1 || found === 0 ? found : UNUSABLE_BOOLEAN;
}
