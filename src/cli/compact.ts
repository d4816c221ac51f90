import { compact as compactLake } from "../flow/lake/compact.ts";
import { dataOption, flag, OK, type Command } from "./command.ts";
import { withAdapters } from "./open.ts";
import { many } from "./progress.ts";

export const compact: Command = {
  name: "compact",
  summary: "merge the lake's files of each closed hour into one file",
  help: `compact [options]

  --data DIR   Data folder. Default: .flightline
  --json       Prints the totals as JSON.

  An hour of the lake is closed 15 minutes after its end. For each closed hour, the command writes the merged file and
  then deletes the other files. A query that reads the lake in between sees the rows of this hour twice.

Examples:
  flightline compact`,
  options: { ...dataOption, json: { type: "boolean", default: false } },
  run: (args, io) =>
    withAdapters(args, io, async ({ objects, config }) => {
      const done = await compactLake(objects, { format: config.lake, now_s: Date.now() / 1000 });
      io.out(
        flag(args, "json")
          ? `${JSON.stringify(done)}\n`
          : `${many(done.hours)} ${done.hours === 1 ? "hour" : "hours"}: ${many(done.files_before)} files became ${many(done.files_after)}, ${many(done.rows)} rows, ${many(done.duplicates)} duplicates dropped\n`,
      );
      return OK;
    }),
};
