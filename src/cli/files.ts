import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { CliError, usageError, type Io } from "./command.ts";

/** A file that a command reads. `-` names standard input. */
export interface Input {
  name: string;
  open(): AsyncIterable<Uint8Array>;
}

const PIECE_BYTES = 256 * 1024;

/** The named files. Throws a usage error if there are none, and `CliError` for a file that cannot be read. */
export async function inputs(words: readonly string[], io: Io): Promise<Input[]> {
  if (words.length === 0) throw usageError("argument FILE is missing: name at least one file, or - for standard input");
  for (const word of words)
    if (word !== "-")
      await readable(word).catch((cause: unknown) => {
        throw new CliError(`cannot read ${word}: ${cause instanceof Error ? cause.message : String(cause)}`, 1, {
          cause,
        });
      });
  return words.map((name) => ({
    name,
    open: () =>
      (name === "-" ? io.stdin : createReadStream(name, { highWaterMark: PIECE_BYTES })) as AsyncIterable<Uint8Array>,
  }));
}

async function readable(name: string): Promise<void> {
  await access(name, constants.R_OK);
  if ((await stat(name)).isDirectory()) throw new Error("it is a folder, name its files");
}
