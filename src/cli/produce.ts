import { sourcePattern } from "../flight/identifiers.ts";
import { readPieces } from "../format/pieces.ts";
import { lineRows } from "../format/raw-lines.ts";
import { producer } from "../flow/stream/produce.ts";
import { dataOption, OK, text, usageError, type Command, type Arguments } from "./command.ts";
import { inputs } from "./files.ts";
import { many, progress } from "./progress.ts";
import { withAdapters } from "./open.ts";

export const produce: Command = {
  name: "produce",
  summary: "put the rows of files on the stream",
  help: `produce FILE... [--source NAME] [--data DIR]

  FILE            any shape that the API takes, plain or gzip; - is standard input
  --source NAME   source of all rows; else what each file's shape tells

Examples:
  flightline produce recorded/*.json.gz
  flightline produce - < states.ndjson`,
  options: { ...dataOption, source: { type: "string" } },
  async run(args, io) {
    const source = sourceOption(args);
    const files = await inputs(args.words, io);
    return withAdapters(args, io, async ({ stream, config }) => {
      const shown = progress(io);
      const onTrouble = ({ message }: Error) => io.err(`${message}; trying again\n`);
      const to = producer(stream, { signal: io.signal, groups: config.groups, source, onTrouble });
      for (const file of files)
        for await (const _ of readPieces(file.open(), lineRows(to.take))) {
          await to.room();
          shown.say(`${file.name}: ${many(to.rows_put)} rows`);
        }
      await to.flush();
      shown.end();
      io.out(`${many(to.rows_put)} rows put\n`);
      return OK;
    });
  },
};

/** `--source`, checked against what a source may be called. */
export function sourceOption(args: Arguments): string | undefined {
  const source = text(args, "source");
  if (source !== undefined && !new RegExp(sourcePattern).test(source))
    throw usageError(`--source is ${JSON.stringify(source)}, allowed is ${sourcePattern}`);
  return source;
}
