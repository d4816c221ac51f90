import { openRejections, replayRejected } from "../flow/request/replay.ts";
import { CliError, dataOption, flag, OK, usageError, type Command } from "./command.ts";
import { drainQueue } from "./drain.ts";
import { many } from "./progress.ts";
import { withAdapters } from "./open.ts";

export const replay: Command = {
  name: "replay",
  summary: "send rejected rows through the current rules again",
  help: `replay [KEY...] [--all] [--data DIR]

  KEY     a rejected object, as GET /v1/rejections names it
  --all   every one that was rejected under another contract and not replayed under this one

Examples:
  flightline replay --all`,
  options: { ...dataOption, all: { type: "boolean", default: false } },
  run(args, io) {
    if (args.words.length === 0 && !flag(args, "all")) throw usageError("name KEYs, or --all");
    return withAdapters(args, io, async (adapters) => {
      const keys = args.words.length > 0 ? args.words : await collect(openRejections(adapters));
      let rows = 0;
      let cleaned = 0;
      for (const key of keys) {
        const done = await replayRejected(key, adapters);
        if (done === null) throw new CliError(`there is no rejected object ${key}`);
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

async function collect(of: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const one of of) all.push(one);
  return all;
}
