import type { RawRow } from "../flight/fill.ts";

/** A line of NDJSON as it stood. */
export interface Line {
  /** From 1, blank lines counted. */
  ordinal: number;
  raw: string;
}

/** What reading a body, a file or a chunk tells, in the order in which it stood there. */
export interface Rows {
  /** A JSON value: of a line, or, without one, of a whole document. */
  value(value: unknown, line?: Line): void;
  /** A record of CSV; cells are text or null. */
  record(row: RawRow, ordinal: number): void;
  /** Bytes that are no value and no record, and why. */
  reject(reason: string, what: { ordinal: number; bytes: Uint8Array }): void;
}
