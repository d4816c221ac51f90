import { consume as consumeStream } from "../flow/stream/consume.ts";
import { dataOption, flag, OK, type Command } from "./command.ts";
import { many, progress } from "./progress.ts";
import { withAdapters } from "./open.ts";

export const consume: Command = {
  name: "consume",
  summary: "read the stream: clean, store and checkpoint; shares its shards with other consumers",
  help: `consume [--data DIR] [--until-empty]

  --until-empty   ends when the stream has no more; else at Ctrl-C

Examples:
  flightline consume --until-empty`,
  options: { ...dataOption, "until-empty": { type: "boolean", default: false } },
  run: (args, io) =>
    withAdapters(args, io, async (adapters) => {
      const shown = progress(io);
      const sum = { received: 0, accepted: 0, duplicate: 0, rejected: 0, repeats: 0 };
      await consumeStream(
        { ...adapters, source: adapters.config.source, lake: adapters.config.lake },
        {
          signal: io.signal,
          untilEmpty: flag(args, "until-empty"),
          onTrouble: ({ message }) => io.err(`${message}; trying again\n`),
          onBatch: (applied) => {
            for (const name of ["received", "accepted", "duplicate", "rejected", "repeats"] as const)
              sum[name] += applied[name];
            shown.say(`${many(sum.received)} rows`);
          },
        },
      );
      shown.end();
      io.out(
        `received ${many(sum.received)}, accepted ${many(sum.accepted)}, duplicate ${many(sum.duplicate)}, rejected ${many(sum.rejected)}, repeats ${many(sum.repeats)}\n`,
      );
      return OK;
    }),
};
