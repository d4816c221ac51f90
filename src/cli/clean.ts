import { mkdir } from "node:fs/promises";
import { flagText, type Batch } from "../flight/batch.ts";
import { clean as cleanBatch } from "../flight/clean.ts";
import { identities, type Identities } from "../flight/identity.ts";
import { dropDuplicates } from "../flight/batch-rows.ts";
import type { Rejection } from "../flight/rejection.ts";
import { receivedRows } from "../format/decoded.ts";
import { TooLargeError, UndecodableError } from "../format/errors.ts";
import { decodePieces } from "../format/pieces.ts";
import {
  CliError,
  flag,
  numberOption,
  OK,
  oneOf,
  text,
  usageError,
  type Command,
  type Arguments,
  type Io,
} from "./command.ts";
import { inputs, type Input } from "./files.ts";
import { cleanOutput, type CleanOutput } from "./clean-output.ts";
import { counts, many, progress } from "./progress.ts";
import { sourceOption } from "./produce.ts";

interface Counts {
  received: number;
  accepted: number;
  duplicate: number;
  rejected: Record<string, number>;
  flags: Record<string, number>;
}

const newCounts = (): Counts => ({ received: 0, accepted: 0, duplicate: 0, rejected: {}, flags: {} });

export const clean: Command = {
  name: "clean",
  summary: "clean recorded files into Parquet, NDJSON or CSV; needs no server",
  help: `clean FILE... --out DIR [options]

  FILE                    any shape that the API takes, plain or gzip; - is standard input
  --out DIR               gets state_vectors.<ext> and rejected.ndjson
  --format FORMAT         parquet (default), ndjson or csv
  --partition             writes DIR/state_vectors/day=/hour=/ as the lake has it
  --source NAME           source of all rows; else what each file's shape tells
  --received-at SECONDS   Unix time at which the rows arrived; else now
  --json                  prints the total alone, as JSON

Examples:
  flightline clean states.json.gz --out cleaned
  curl -s https://opensky-network.org/api/states/all | flightline clean - --out cleaned --format csv`,
  options: {
    out: { type: "string" },
    format: { type: "string", default: "parquet" },
    partition: { type: "boolean", default: false },
    source: { type: "string" },
    "received-at": { type: "string" },
    json: { type: "boolean", default: false },
  },
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const folder = text(args, "out");
  if (folder === undefined) throw usageError("--out DIR is missing");
  const format = oneOf(args, "format", ["parquet", "ndjson", "csv"]) ?? "parquet";
  const source = sourceOption(args);
  const received_at = Math.floor(numberOption(args, "received-at", 0) ?? Date.now() / 1000);
  const files = await inputs(args.words, io);
  await mkdir(folder, { recursive: true });
  const output = cleanOutput(folder, { format, isPartitioned: flag(args, "partition") });
  const total = newCounts();
  const seen = identities();
  try {
    for (const file of files) {
      const one = await cleanFile(file, { origin: { source, received_at, delivery: 0 }, seen, output, io });
      addCounts(total, one);
      if (!flag(args, "json")) io.out(lineOf(file.name, one));
    }
    await output.commit();
  } catch (cause) {
    await output.abandon();
    throw cause;
  }
  io.out(flag(args, "json") ? `${JSON.stringify(sorted(total))}\n` : lineOf("total", total));
  return OK;
}

interface CleanFile {
  origin: { source: string | undefined; received_at: number; delivery: number };
  seen: Identities;
  output: CleanOutput;
  io: Io;
}

async function cleanFile(file: Input, { origin, seen, output, io }: CleanFile): Promise<Counts> {
  const of = newCounts();
  const shown = progress(io);
  try {
    for await (const decoded of decodePieces(file.open(), origin)) {
      of.received += receivedRows(decoded);
      const rejections = [...decoded.rejections, ...cleanBatch(decoded.batch)];
      of.duplicate += dropDuplicates(decoded.batch, seen);
      of.accepted += decoded.batch.rows;
      countNames(of, decoded.batch, rejections);
      await output.write(decoded.batch, rejections);
      shown.say(`${file.name}: ${many(of.received)} rows`);
    }
  } catch (cause) {
    if (!(cause instanceof UndecodableError || cause instanceof TooLargeError)) throw cause;
    const at = cause instanceof UndecodableError && cause.at !== undefined ? ` (${cause.at})` : "";
    throw new CliError(`${file.name} cannot be decoded: ${cause.message}${at}; no output was left`, 1, { cause });
  }
  shown.end();
  return of;
}

function countNames(of: Counts, batch: Batch, rejections: readonly Rejection[]): void {
  for (const { reason } of rejections) of.rejected[reason] = (of.rejected[reason] ?? 0) + 1;
  for (let i = 0; i < batch.rows; i++) {
    const mask = batch.columns.flags[i] ?? 0;
    if (mask === 0) continue;
    for (const name of flagText(mask).split(",")) of.flags[name] = (of.flags[name] ?? 0) + 1;
  }
}

function addCounts(to: Counts, of: Counts): void {
  to.received += of.received;
  to.accepted += of.accepted;
  to.duplicate += of.duplicate;
  for (const part of ["rejected", "flags"] as const)
    for (const [name, count] of Object.entries(of[part])) to[part][name] = (to[part][name] ?? 0) + count;
}

const byName = (of: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));

const sorted = (of: Counts): Counts => ({ ...of, rejected: byName(of.rejected), flags: byName(of.flags) });

function lineOf(name: string, of: Counts): string {
  const { received, accepted, duplicate, rejected, flags } = sorted(of);
  return `${name}: received ${many(received)}, accepted ${many(accepted)}, duplicate ${many(duplicate)}, rejected: ${counts(rejected)}; flags: ${counts(flags)}\n`;
}
