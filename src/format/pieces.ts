import { isRowLine, readBody, withoutMark } from "./body.ts";
import { csvReader } from "./csv-read.ts";
import { batchRows, newDecoded, receivedRows, type BodyOrigin, type Decoded } from "./decoded.ts";
import { TooLargeError, UndecodableError } from "./errors.ts";
import { gunzipPieces, isGzip } from "./gzip.ts";
import { readLines, LF } from "./lines.ts";
import type { Rows } from "./rows.ts";

/** Bytes. A document becomes one string, and V8's strings have at most 2^29 - 24 characters. */
const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024;
/** Rows per batch. Large enough to amortize the fixed cost of a Parquet row group and of a COPY. */
const BATCH_ROWS = 8_192;

/**
 * Reads a file that arrives in pieces, plain or gzip, in any accepted format. Yields after each piece of work, so that the
 * caller can process the rows that `rows` has received. NDJSON and CSV take the memory of one piece, however long the file
 * is. A JSON document is kept in memory as a whole. Throws `UndecodableError` if the file as a whole cannot be read. By
 * then, `rows` may have received a part of it.
 */
export async function* readPieces(pieces: AsyncIterable<Uint8Array>, rows: Rows): AsyncGenerator<undefined> {
  const input = cursor(await inflated(pieces));
  const shape = await detect(input);
  if (shape === "lines") yield* readLinePieces(input, rows);
  else if (shape === "csv") yield* readCsvPieces(input, rows);
  else if (shape === "document") readBody(await input.all(), undefined, rows);
}

/** Reads a file as `readPieces` does, and yields its rows in batches of about `BATCH_ROWS` rows. */
export async function* decodePieces(pieces: AsyncIterable<Uint8Array>, origin: BodyOrigin): AsyncGenerator<Decoded> {
  let into = newDecoded(BATCH_ROWS);
  for await (const _ of readPieces(
    pieces,
    batchRows(() => into, origin),
  )) {
    if (receivedRows(into) < BATCH_ROWS) continue;
    yield into;
    into = newDecoded(BATCH_ROWS);
  }
  yield into;
}

async function inflated(pieces: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = pieces[Symbol.asyncIterator]();
  let head: Uint8Array = Buffer.alloc(0);
  for (let next = await iterator.next(); ; next = await iterator.next()) {
    if (next.done === true) return single(head);
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    if (head.length >= 2) break;
  }
  const whole = chained(head, iterator);
  return isGzip(head) ? gunzipPieces(whole) : whole;
}

async function* single(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  if (piece.length > 0) yield piece;
}

async function* chained(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** The bytes that were inspected and not read yet, and the pieces after them. */
interface Cursor {
  held: Buffer;
  /** Adds the next piece to `held`. Returns false at the end. */
  more(): Promise<boolean>;
  /** Returns `held` and all further pieces. */
  all(): Promise<Buffer>;
}

function cursor(pieces: AsyncIterable<Uint8Array>): Cursor {
  const iterator = pieces[Symbol.asyncIterator]();
  const self: Cursor = {
    held: Buffer.alloc(0),
    async more() {
      const next = await iterator.next();
      if (next.done === true) return false;
      self.held = self.held.length === 0 ? Buffer.from(next.value) : Buffer.concat([self.held, next.value]);
      return true;
    },
    async all() {
      const parts = [self.held];
      let length = self.held.length;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        length += next.value.length;
        if (length > MAX_DOCUMENT_BYTES)
          throw new TooLargeError(`the JSON document has more than ${MAX_DOCUMENT_BYTES} bytes`);
        parts.push(Buffer.from(next.value));
      }
      return Buffer.concat(parts);
    },
  };
  return self;
}

/**
 * Detects the shape from the beginning of the file. It is lines if the first line is a row and another line follows,
 * because a JSON document ends after its value. If the first line alone is not JSON, the file may be a document of many
 * lines, which is read as a whole.
 */
async function detect(input: Cursor): Promise<"lines" | "csv" | "document" | "empty"> {
  while (input.held.length < 3) if (!(await input.more())) break;
  input.held = Buffer.from(withoutMark(input.held));
  const first = await firstNonBlank(input);
  if (first === undefined) return "empty";
  if (first !== 0x7b && first !== 0x5b) return "csv";
  const end = await endOfLine(input);
  if (end === undefined) return "document";
  const line = input.held.toString("utf8", 0, end);
  if (!isRowLine(line)) return "document";
  return (await anotherLine(input, end + 1)) ? "lines" : "document";
}

const isBlankByte = (byte: number): boolean => byte === 32 || byte === 9 || byte === 13 || byte === LF;

/** The first byte that is not blank. Keeps the blank lines before it in `held`, because line numbers include them. */
async function firstNonBlank(input: Cursor): Promise<number | undefined> {
  for (let at = 0; ; at++) {
    while (at >= input.held.length) if (!(await input.more())) return undefined;
    const byte = input.held[at] ?? 0;
    if (!isBlankByte(byte)) return byte;
  }
}

async function endOfLine(input: Cursor): Promise<number | undefined> {
  let from = input.held.findIndex((byte) => !isBlankByte(byte));
  for (;;) {
    const end = input.held.indexOf(LF, from);
    if (end >= 0) return end;
    from = input.held.length;
    if (from > MAX_DOCUMENT_BYTES) throw new TooLargeError(`the first line has more than ${MAX_DOCUMENT_BYTES} bytes`);
    if (!(await input.more())) return undefined;
  }
}

async function anotherLine(input: Cursor, start: number): Promise<boolean> {
  for (let at = start; ; at++) {
    while (at >= input.held.length) if (!(await input.more())) return false;
    if (!isBlankByte(input.held[at] ?? 0)) return true;
  }
}

async function* readLinePieces(input: Cursor, rows: Rows): AsyncGenerator<undefined> {
  let ordinal = 1;
  for (let isLast = false; !isLast; isLast = !(await moreWithLine(input))) {
    const end = input.held.lastIndexOf(LF) + 1;
    ordinal += readLines(input.held.subarray(0, end), ordinal, rows);
    input.held = input.held.subarray(end);
    yield undefined;
  }
  readLines(input.held, ordinal, rows);
}

/** Reads until a line ends. Joins the pieces of a long line once, so that the time stays linear. */
async function moreWithLine(input: Cursor): Promise<boolean> {
  const rest = input.held;
  const parts: Buffer[] = [rest];
  for (;;) {
    input.held = Buffer.alloc(0);
    if (!(await input.more())) {
      input.held = Buffer.concat(parts);
      return false;
    }
    parts.push(input.held);
    if (!input.held.includes(LF)) continue;
    input.held = Buffer.concat(parts);
    return true;
  }
}

async function* readCsvPieces(input: Cursor, rows: Rows): AsyncGenerator<undefined> {
  const reader = csvReader(rows);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const text = (piece: Uint8Array, stream: boolean): string => {
    try {
      return decoder.decode(piece, { stream });
    } catch (cause) {
      throw new UndecodableError("the file is not UTF-8", { cause });
    }
  };
  do {
    reader.push(text(input.held, true));
    input.held = Buffer.alloc(0);
    yield undefined;
  } while (await input.more());
  reader.push(text(Buffer.alloc(0), false));
  reader.end();
}
