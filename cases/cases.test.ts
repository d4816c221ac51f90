import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { dropDuplicates } from "../src/flight/batch-rows.ts";
import { rowAt } from "../src/flight/batch.ts";
import { clean } from "../src/flight/clean.ts";
import { decodeReasons, flagNames, ruleReasons } from "../src/flight/contract.ts";
import { identities } from "../src/flight/identity.ts";
import { decodeAs } from "../src/flow/request/ingest.ts";
import { rejectedLines } from "../src/flow/request/rejected.ts";
import { readBody } from "../src/format/body.ts";
import { decodeChunk } from "../src/format/chunk.ts";
import { batchRows, newDecoded, type Decoded } from "../src/format/decoded.ts";
import { UndecodableError } from "../src/format/errors.ts";
import { inflate } from "../src/format/gzip.ts";
import { decodePieces } from "../src/format/pieces.ts";

interface Case {
  kind: "clean" | "decode";
  title: string;
  received_at: number;
  media_type?: string;
  /** What the receiving side says the source is. */
  source?: string;
  /** The input is a stream record. */
  chunk?: boolean;
  /** Only a file may be so; a request's body is refused. */
  file_only?: boolean;
  /** The whole cannot be decoded. */
  error?: boolean;
}
interface Result {
  accepted: unknown[];
  rejected: unknown[];
}

const folder = path.resolve("cases");
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const fileOf = (name: string, file: string): Buffer => readFileSync(path.join(folder, name, file));
const caseOf = (name: string): Case => JSON.parse(fileOf(name, "case.json").toString()) as Case;
const linesOf = (text: string): unknown[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);

function inputOf(name: string): Buffer {
  const file = readdirSync(path.join(folder, name)).find((one) => one.startsWith("input.")) ?? "";
  const bytes = fileOf(name, file);
  return file.endsWith(".hex") ? Buffer.from(bytes.toString().trim(), "hex") : bytes;
}

/** Cleans what was decoded, as every flow does. */
function resultOf(decoded: Decoded): Result {
  const rejections = [...decoded.rejections, ...clean(decoded.batch)].sort((a, b) => a.ordinal - b.ordinal);
  dropDuplicates(decoded.batch, identities());
  return {
    accepted: Array.from({ length: decoded.batch.rows }, (_, i) => rowAt(decoded.batch, i)),
    rejected: linesOf(rejectedLines(rejections)).map((line) => {
      const { received_at: _, source: __, ...rest } = line as Record<string, unknown>;
      return rest;
    }),
  };
}

/** As a request's body, and where no media type decides also as a file that arrives in pieces of a few bytes. */
const readers: Record<string, (bytes: Buffer, of: Case) => Promise<Decoded>> = {
  body: async (bytes, { media_type = "application/json", source, received_at }) =>
    decodeAs(media_type, inflate(bytes), { source, received_at }),
  file: async (bytes, { source, received_at }) => {
    const into = newDecoded();
    const origin = { source, received_at, delivery: 0 };
    for await (const part of decodePieces(pieces(bytes), origin)) {
      if (into.batch.rows > 0) throw new Error("a case of more than one batch");
      into.batch = part.batch;
      into.rejections.push(...part.rejections);
    }
    return into;
  },
};

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1_009) yield bytes.subarray(at, at + 1_009);
}

function decodeRecord(bytes: Buffer, { received_at }: Case): Decoded {
  const decoded = newDecoded();
  decodeChunk(bytes, { source: "opensky", received_at, delivery: 0 }, () => decoded);
  return decoded;
}

/** A `clean` case means the same as lines of a body and as a stream record. */
function readersOf(of: Case): ((bytes: Buffer) => Promise<Decoded>)[] {
  const { body, file } = readers;
  if (body === undefined || file === undefined) return [];
  if (of.chunk === true) return [async (bytes) => decodeRecord(bytes, of)];
  if (of.kind === "clean")
    return [
      async (bytes) => decodeRecord(bytes, of),
      async (bytes) => {
        const decoded = newDecoded();
        const origin = { source: undefined, received_at: of.received_at, delivery: 0 };
        readBody(
          bytes,
          "application/x-ndjson",
          batchRows(() => decoded, origin),
        );
        return decoded;
      },
    ];
  if (of.file_only === true) return [(bytes) => file(bytes, of)];
  return of.media_type === undefined
    ? [(bytes) => body(bytes, of), (bytes) => file(bytes, of)]
    : [(bytes) => body(bytes, of)];
}

test.each(names.map((name) => [name, caseOf(name).title]))("%s: %s", async (name) => {
  const of = caseOf(name);
  for (const read of readersOf(of)) {
    if (of.error === true) await expect(read(inputOf(name))).rejects.toThrow(UndecodableError);
    else {
      const expected = {
        accepted: linesOf(fileOf(name, "accepted.ndjson").toString()),
        rejected: linesOf(fileOf(name, "rejected.ndjson").toString()),
      };
      expect(resultOf(await read(inputOf(name)))).toEqual(expected);
    }
  }
});

test("every flag and every reason of the contract has a case", () => {
  const all = names.filter((name) => caseOf(name).error !== true);
  const flags = all
    .flatMap((name) => linesOf(fileOf(name, "accepted.ndjson").toString()) as { flags: string }[])
    .flatMap((row) => row.flags.split(","));
  const found = all
    .flatMap((name) => linesOf(fileOf(name, "rejected.ndjson").toString()) as { reason: string }[])
    .map(({ reason }) => reason);
  expect(flagNames.filter((flag) => !flags.includes(flag))).toEqual([]);
  expect([...decodeReasons, ...ruleReasons].filter((reason) => !found.includes(reason))).toEqual([]);
});
