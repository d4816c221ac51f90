import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { selectRows } from "../flight/batch-rows.ts";
import { newBatch, type Batch } from "../flight/batch.ts";
import type { Rejection } from "../flight/rejection.ts";
import { hourName, rowsByHour } from "../flow/lake/write.ts";
import { rejectedLines } from "../flow/request/rejected.ts";
import { parquetFile, type ParquetFile } from "../format/parquet-write.ts";
import { writeCsv, writeNdjson } from "../format/text-write.ts";

export type CleanFormat = "parquet" | "ndjson" | "csv";

/** The output files of `clean`. They have temporary names until `commit`, so that a failure leaves no output. */
export interface CleanOutput {
  write(batch: Batch, rejections: readonly Rejection[]): Promise<void>;
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

const UNFINISHED = ".unfinished";

export function cleanOutput(
  folder: string,
  { format, isPartitioned }: { format: CleanFormat; isPartitioned: boolean },
): CleanOutput {
  const files = new Map<string, RowsFile>();
  const rejected = textFile(path.join(folder, "rejected.ndjson"));
  const fileOf = async (name: string): Promise<RowsFile> => {
    const known = files.get(name);
    if (known !== undefined) return known;
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    const made = rowsFile(target, format);
    files.set(name, made);
    return made;
  };
  const all = () => [rejected, ...files.values()];
  return {
    async write(batch, rejections) {
      if (rejections.length > 0) await rejected.append(Buffer.from(rejectedLines(rejections)));
      if (!isPartitioned) return (await fileOf(`state_vectors.${format}`)).write(batch);
      for (const [hour, rows] of rowsByHour(batch))
        await (await fileOf(`state_vectors/${hourName(hour)}/part-0.${format}`)).write(selectRows(batch, rows));
    },
    async commit() {
      if (!isPartitioned) await fileOf(`state_vectors.${format}`);
      for (const file of all()) await file.finish();
      for (const file of all()) await rename(file.temporary, file.target);
    },
    async abandon() {
      for (const file of all()) await file.discard();
    },
  };
}

interface TextFile {
  temporary: string;
  target: string;
  append(bytes: Buffer): Promise<void>;
  finish(): Promise<void>;
  discard(): Promise<void>;
}

/** Writes a file in order, under a temporary name. */
function textFile(target: string): TextFile {
  const temporary = `${target}${UNFINISHED}`;
  const stream: WriteStream = createWriteStream(temporary);
  // the callback of a write reports its failure
  stream.on("error", () => {});
  const written = (act: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
  return {
    temporary,
    target,
    append: (bytes) => (bytes.length === 0 ? Promise.resolve() : written((done) => stream.write(bytes, done))),
    finish: () => written((done) => stream.end(done)),
    async discard() {
      stream.destroy();
      await rm(temporary, { force: true });
    },
  };
}

interface RowsFile extends TextFile {
  write(batch: Batch): Promise<void>;
}

function rowsFile(target: string, format: CleanFormat): RowsFile {
  const file = textFile(target);
  if (format === "parquet") return parquetRows(file);
  let isFirst = true;
  return {
    ...file,
    async write(batch) {
      const pieces = format === "csv" ? writeCsv({ batch }, { header: isFirst }) : writeNdjson({ batch });
      isFirst = false;
      for (const piece of pieces) await file.append(piece);
    },
    async finish() {
      if (isFirst && format === "csv") await file.append(Buffer.concat([...writeCsv({ batch: newBatch(1) })]));
      await file.finish();
    },
  };
}

function parquetRows(file: TextFile): RowsFile {
  const parquet: ParquetFile = parquetFile({ batch: newBatch(1) });
  return {
    ...file,
    async write(batch) {
      if (batch.rows === 0) return;
      parquet.write({ batch });
      await file.append(parquet.take());
    },
    async finish() {
      parquet.finish();
      await file.append(parquet.take());
      await file.finish();
    },
  };
}
