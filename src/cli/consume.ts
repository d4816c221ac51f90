import { consume as consumeStream } from "../flow/stream/consume.ts";
import { dataOption, flag, OK, type Command } from "./command.ts";
import { withAdapters } from "./open.ts";
import { many, progress } from "./progress.ts";

export const consume: Command = {
  name: "consume",
  summary: "clean and store the rows that are on the stream (Flow 2)",
  help: `consume [options]

  --data DIR      Data folder. Default: .flightline
  --until-empty   Ends when the stream has no more records. Default: runs until Ctrl-C

  Reads from the last checkpoint, and cleans and stores the rows. Several consumers share the shards of the stream.
  flightline start also runs a consumer.

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
          onTrouble: ({ message }) => io.err(`${message}; retrying\n`),
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
