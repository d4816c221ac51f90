import type { Batch } from "../../flight/batch.ts";
import { appendRows } from "../../flight/batch-rows.ts";
import { clean } from "../../flight/clean.ts";
import type { Rejection } from "../../flight/rejection.ts";
import { newDecoded, receivedRows, type Decoded } from "../../format/decoded.ts";
import { encodeRejected } from "../request/rejected.ts";

/** Rows that are cleaned at once: more than a micro-batch of ours ever holds. */
const PIECE = 100_000;

/** What was rejected of one delivery. */
export interface RejectedRows {
  counts: Record<string, number>;
  /** The rejected object: what could not be read, then what broke a rule, each in the order of arrival. */
  body(): Buffer;
}

/** Cleans what is decoded into it. */
export interface StreamingCleaner {
  /** Where the next row goes. */
  into(): Decoded;
  /** Rows and rejections so far. */
  received(): number;
  /** The clean rows, and what was rejected by delivery. */
  end(): { batch: Batch; rejected: ReadonlyMap<number, RejectedRows> };
}

/**
 * Decodes and cleans as one, piece by piece: a record of a few kilobytes may inflate to millions of broken rows, of which
 * none may stay but packed.
 */
export function streamingCleaner(piece_rows = PIECE): StreamingCleaner {
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
    for (const one of piece.rejections) bufferOf(one.delivery).add(one, "unread");
    for (const one of clean(piece.batch)) bufferOf(one.delivery).add(one, "ruled");
    if (whole === undefined) return piece.batch;
    appendRows(piece.batch, whole);
    return whole;
  };
  return {
    into() {
      if (receivedRows(piece) < piece_rows) return piece;
      before += receivedRows(piece);
      whole = cleanPiece();
      for (const pile of rejected.values()) pile.pack();
      piece = newDecoded(8_192);
      return piece;
    },
    received: () => before + receivedRows(piece),
    end: () => ({ batch: cleanPiece(), rejected }),
  };
}

type Kind = "unread" | "ruled";
interface RejectionBuffer extends RejectedRows {
  add(one: Rejection, kind: Kind): void;
  /** Packs what was added, so that it takes little memory. */
  pack(): void;
}

function newRejectionBuffer(): RejectionBuffer {
  const counts: Record<string, number> = {};
  const packed: Record<Kind, Buffer[]> = { unread: [], ruled: [] };
  let loose: Record<Kind, Rejection[]> = { unread: [], ruled: [] };
  const pack = (): void => {
    for (const kind of ["unread", "ruled"] as const)
      if (loose[kind].length > 0) packed[kind].push(encodeRejected(loose[kind]));
    loose = { unread: [], ruled: [] };
  };
  return {
    counts,
    add(one, kind) {
      counts[one.reason] = (counts[one.reason] ?? 0) + 1;
      loose[kind].push(one);
    },
    pack,
    body() {
      const isPacked = packed.unread.length + packed.ruled.length > 0;
      if (!isPacked) return encodeRejected([...loose.unread, ...loose.ruled]);
      pack();
      // members of gzip, one behind another
      return Buffer.concat([...packed.unread, ...packed.ruled]);
    },
  };
}
