import type { OrdinalUnit } from "./batch.ts";

/** A row, line or chunk that did not become a clean row, and why. It keeps what arrived. */
export interface Rejection {
  reason: string;
  /** The field that the rule names; null where decoding failed. */
  field: string | null;
  source: string;
  /** Index of the delivery that brought it. */
  delivery: number;
  /** Number of the line or element, from 1. Zero: the chunk as a whole. */
  ordinal: number;
  unit: OrdinalUnit;
  /** Unix seconds */
  received_at: number;
  /** What arrived: a row as JSON text, or bytes that are no text of ours to show. */
  content: { row: string } | { bytes: Uint8Array };
}

/** Rejections counted by reason, reasons in alphabetical order. */
export function countByReason(rejections: Iterable<{ reason: string }>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of rejections) counts[reason] = (counts[reason] ?? 0) + 1;
  return sortedByReason(counts);
}

export const sortedByReason = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Rows of all reasons together. */
export const sumOfCounts = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, rows) => sum + rows, 0);

/** The raw row as JSON text: a line as it stood, anything else serialised. */
export const rowText = (raw: unknown): string => (typeof raw === "string" ? raw : JSON.stringify(raw));
