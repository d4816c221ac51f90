import { mkdir } from "node:fs/promises";
import { dropDuplicates } from "../flight/batch-rows.ts";
import { flagText, type Batch } from "../flight/batch.ts";
import { clean as cleanBatch } from "../flight/clean.ts";
import { identities, type Identities } from "../flight/identity.ts";
import type { Rejection } from "../flight/rejection.ts";
import { receivedRows } from "../format/decoded.ts";
import { TooLargeError, UndecodableError } from "../format/errors.ts";
import { decodePieces } from "../format/pieces.ts";
import { cleanOutput, type CleanOutput } from "./clean-output.ts";
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
import { sourceOption } from "./produce.ts";
import { counts, many, progress } from "./progress.ts";

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
  summary: "clean files into Parquet, NDJSON or CSV, without a server",
  help: `clean FILE... --out DIR [options]

  FILE                    A file in any format that the API accepts, plain or gzip. - reads standard input.
  --out DIR               Folder for state_vectors.FORMAT and rejected.ndjson. Required.
  --format FORMAT         parquet, ndjson or csv. Default: parquet
  --partition             Writes the rows by day and hour, to DIR/state_vectors/day=.../hour=.../, as in the lake.
  --source NAME           Source to record for every row. Default: the source that the file's format implies
  --received-at SECONDS   Time at which the rows arrived, in Unix seconds. Default: now
  --json                  Prints only the totals, as JSON.

  If a file cannot be decoded, the command fails and leaves no output.

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
  if (folder === undefined) throw usageError("option --out DIR is missing: name the folder for the output");
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
      const fileCounts = await cleanFile(file, { origin: { source, received_at, delivery: 0 }, seen, output, io });
      addCounts(total, fileCounts);
      if (!flag(args, "json")) io.out(lineOf(file.name, fileCounts));
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
  const sums = newCounts();
  const shown = progress(io);
  try {
    for await (const decoded of decodePieces(file.open(), origin)) {
      sums.received += receivedRows(decoded);
      const rejections = [...decoded.rejections, ...cleanBatch(decoded.batch)];
      sums.duplicate += dropDuplicates(decoded.batch, seen);
      sums.accepted += decoded.batch.rows;
      countNames(sums, decoded.batch, rejections);
      await output.write(decoded.batch, rejections);
      shown.say(`${file.name}: ${many(sums.received)} rows`);
    }
  } catch (cause) {
    if (!(cause instanceof UndecodableError || cause instanceof TooLargeError)) throw cause;
    const at = cause instanceof UndecodableError && cause.at !== undefined ? ` (${cause.at})` : "";
    throw new CliError(`cannot decode ${file.name}: ${cause.message}${at}; no output was written`, 1, { cause });
  }
  shown.end();
  return sums;
}

function countNames(sums: Counts, batch: Batch, rejections: readonly Rejection[]): void {
  for (const { reason } of rejections) sums.rejected[reason] = (sums.rejected[reason] ?? 0) + 1;
  for (let i = 0; i < batch.rows; i++) {
    const mask = batch.columns.flags[i] ?? 0;
    if (mask === 0) continue;
    for (const name of flagText(mask).split(",")) sums.flags[name] = (sums.flags[name] ?? 0) + 1;
  }
}

function addCounts(to: Counts, from: Counts): void {
  to.received += from.received;
  to.accepted += from.accepted;
  to.duplicate += from.duplicate;
  for (const part of ["rejected", "flags"] as const)
    for (const [name, count] of Object.entries(from[part])) to[part][name] = (to[part][name] ?? 0) + count;
}

const byName = (namedCounts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(namedCounts).sort(([a], [b]) => (a < b ? -1 : 1)));

const sorted = (sums: Counts): Counts => ({ ...sums, rejected: byName(sums.rejected), flags: byName(sums.flags) });

function lineOf(name: string, sums: Counts): string {
  const { received, accepted, duplicate, rejected, flags } = sorted(sums);
  return `${name}: received ${many(received)}, accepted ${many(accepted)}, duplicate ${many(duplicate)}, rejected: ${counts(rejected)}; flags: ${counts(flags)}\n`;
}
