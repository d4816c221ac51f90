import { openRejections, replayRejected } from "../flow/request/replay.ts";
import { CliError, dataOption, flag, OK, usageError, type Command } from "./command.ts";
import { drainQueue } from "./drain.ts";
import { withAdapters } from "./open.ts";
import { many } from "./progress.ts";

export const replay: Command = {
  name: "replay",
  summary: "clean rejected rows again, under the current rules",
  help: `replay KEY... | --all [--data DIR]

  KEY          Key of an object with rejected rows. GET /v1/rejections shows the keys.
  --all        Replays every object that another version of the rules rejected and this version has not replayed.
  --data DIR   Data folder. Default: .flightline

Examples:
  flightline replay --all`,
  options: { ...dataOption, all: { type: "boolean", default: false } },
  run(args, io) {
    if (args.words.length === 0 && !flag(args, "all"))
      throw usageError("nothing to replay: name at least one KEY, or use --all");
    return withAdapters(args, io, async (adapters) => {
      const keys = args.words.length > 0 ? args.words : await collect(openRejections(adapters));
      let rows = 0;
      let cleaned = 0;
      for (const key of keys) {
        const done = await replayRejected(key, adapters);
        if (done === null) throw new CliError(`no rejected object has the key ${key}`);
        rows += done.rows;
        cleaned += done.cleaned;
      }
      await drainQueue(adapters, io.signal);
      io.out(
        `${many(keys.length)} objects: ${many(rows)} rows replayed, ${many(cleaned)} now clean, ${many(rows - cleaned)} rejected again\n`,
      );
      return OK;
    });
  },
};

async function collect(keys: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const key of keys) all.push(key);
  return all;
}
