import type { OrdinalUnit } from "./batch.ts";

/** A row, line or chunk that did not become a clean row: the reason, and the content as it arrived. */
export interface Rejection {
  reason: string;
  /** The field that broke a rule. Null if decoding failed. */
  field: string | null;
  source: string;
  /** Index of the delivery that contained it. */
  delivery: number;
  /** Number of the line or element, from 1. Zero: the chunk as a whole. */
  ordinal: number;
  unit: OrdinalUnit;
  /** Unix seconds */
  received_at: number;
  /** The content as it arrived: a row as JSON text, or bytes that cannot be shown as text. */
  content: { row: string } | { bytes: Uint8Array };
}

/** Counts rejections by reason. Reasons are in alphabetical order. */
export function countByReason(rejections: Iterable<{ reason: string }>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of rejections) counts[reason] = (counts[reason] ?? 0) + 1;
  return sortedByReason(counts);
}

export const sortedByReason = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The number of rows of all reasons. */
export const sumOfCounts = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, rows) => sum + rows, 0);

/** The raw row as JSON text: a line as it arrived, any other value serialized. */
export const rowText = (raw: unknown): string => (typeof raw === "string" ? raw : JSON.stringify(raw));
