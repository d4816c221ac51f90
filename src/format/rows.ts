import type { RawRow } from "../flight/fill.ts";

/** A line of NDJSON as it arrived. */
export interface Line {
  /** From 1. Blank lines count. */
  ordinal: number;
  raw: string;
}

/** Receives the content of a body, a file or a chunk, in its order. Readers of all formats call it. */
export interface Rows {
  /** Receives a JSON value of a line. Without a line, it is the value of a whole document. */
  value(value: unknown, line?: Line): void;
  /** Receives a record of CSV. Cells are text or null. */
  record(row: RawRow, ordinal: number): void;
  /** Receives bytes that are neither a value nor a record, and the reason. */
  reject(reason: string, content: { ordinal: number; bytes: Uint8Array }): void;
}
