import { appendRows } from "../../flight/batch-rows.ts";
import type { Batch } from "../../flight/batch.ts";
import { clean } from "../../flight/clean.ts";
import type { Rejection } from "../../flight/rejection.ts";
import { newDecoded, receivedRows, type Decoded } from "../../format/decoded.ts";
import { encodeRejected } from "../request/rejected.ts";

/** Rows that are cleaned at once. A usual micro-batch has fewer, so it is one piece. */
const PIECE_ROWS = 100_000;

/** The rejected rows of one delivery. */
export interface RejectedRows {
  counts: Record<string, number>;
  /** The rejected object: undecodable lines, then invalid rows, each in the order of arrival. */
  body(): Buffer;
}

/** Cleans rows that are decoded into it. */
export interface StreamingCleaner {
  /** Returns the object that receives the next row. */
  into(): Decoded;
  /** The number of rows received so far, rejected rows included. */
  received(): number;
  /** Returns the clean rows, and the rejected rows by delivery. */
  end(): { batch: Batch; rejected: ReadonlyMap<number, RejectedRows> };
}

/**
 * Cleans rows in pieces while they are decoded. A record of a few kilobytes may inflate to millions of broken rows, which
 * would fill the memory. After each piece, rejected rows are compressed.
 */
export function streamingCleaner(piece_rows = PIECE_ROWS): StreamingCleaner {
  let piece = newDecoded(8_192);
  let whole: Batch | undefined;
  let before = 0;
  const rejected = new Map<number, RejectionBuffer>();
  const bufferOf = (delivery: number): RejectionBuffer => {
    const known = rejected.get(delivery) ?? newRejectionBuffer();
    rejected.set(delivery, known);
    return known;
  };
  const cleanPiece = (): Batch => {
    for (const rejection of piece.rejections) bufferOf(rejection.delivery).add(rejection, "undecodable");
    for (const rejection of clean(piece.batch)) bufferOf(rejection.delivery).add(rejection, "invalid");
    if (whole === undefined) return piece.batch;
    appendRows(piece.batch, whole);
    return whole;
  };
  return {
    into() {
      if (receivedRows(piece) < piece_rows) return piece;
      before += receivedRows(piece);
      whole = cleanPiece();
      for (const buffer of rejected.values()) buffer.pack();
      piece = newDecoded(8_192);
      return piece;
    },
    received: () => before + receivedRows(piece),
    end: () => ({ batch: cleanPiece(), rejected }),
  };
}

type Kind = "undecodable" | "invalid";
interface RejectionBuffer extends RejectedRows {
  add(rejection: Rejection, kind: Kind): void;
  /** Compresses the rejections that were added, to save memory. */
  pack(): void;
}

function newRejectionBuffer(): RejectionBuffer {
  const counts: Record<string, number> = {};
  const packed: Record<Kind, Buffer[]> = { undecodable: [], invalid: [] };
  let loose: Record<Kind, Rejection[]> = { undecodable: [], invalid: [] };
  const pack = (): void => {
    for (const kind of ["undecodable", "invalid"] as const)
      if (loose[kind].length > 0) packed[kind].push(encodeRejected(loose[kind]));
    loose = { undecodable: [], invalid: [] };
  };
  return {
    counts,
    add(rejection, kind) {
      counts[rejection.reason] = (counts[rejection.reason] ?? 0) + 1;
      loose[kind].push(rejection);
    },
    pack,
    body() {
      const isPacked = packed.undecodable.length + packed.invalid.length > 0;
      if (!isPacked) return encodeRejected([...loose.undecodable, ...loose.invalid]);
      pack();
      // A gzip file may consist of several members
      return Buffer.concat([...packed.undecodable, ...packed.invalid]);
    },
  };
}
