import { sourcePattern } from "../flight/identifiers.ts";
import { producer } from "../flow/stream/produce.ts";
import { readPieces } from "../format/pieces.ts";
import { lineRows } from "../format/raw-lines.ts";
import { dataOption, OK, text, usageError, type Command, type Arguments } from "./command.ts";
import { inputs } from "./files.ts";
import { withAdapters } from "./open.ts";
import { many, progress } from "./progress.ts";

export const produce: Command = {
  name: "produce",
  summary: "put the rows of files on the stream (Flow 2)",
  help: `produce FILE... [options]

  FILE            A file in any format that the API accepts, plain or gzip. - reads standard input.
  --source NAME   Source to record for every row. Default: the source that the file's format implies
  --data DIR      Data folder. Default: .flightline

  The rows stay on the stream until a consumer stores them: flightline consume, or a running flightline start.

Examples:
  flightline produce recorded/*.json.gz
  flightline produce - < states.ndjson`,
  options: { ...dataOption, source: { type: "string" } },
  async run(args, io) {
    const source = sourceOption(args);
    const files = await inputs(args.words, io);
    return withAdapters(args, io, async ({ stream, config }) => {
      const shown = progress(io);
      const onTrouble = ({ message }: Error) => io.err(`${message}; retrying\n`);
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

/** The value of `--source`. Throws a usage error if it is not a valid name of a source. */
export function sourceOption(args: Arguments): string | undefined {
  const source = text(args, "source");
  if (source !== undefined && !new RegExp(sourcePattern).test(source))
    throw usageError(
      `invalid value ${JSON.stringify(source)} for --source: allowed is a name that matches ${sourcePattern}`,
    );
  return source;
}
