import { parseCleanKey, PREFIXES } from "../flow/objects/keys.ts";
import { loadClean, loadLake } from "../flow/request/load.ts";
import { settings } from "../settings.ts";
import { CliError, dataOption, OK, usageError, type Command } from "./command.ts";
import { withAdapters } from "./open.ts";
import { many, progress } from "./progress.ts";

const isLoadable = (prefix: string): boolean =>
  [PREFIXES.clean, PREFIXES.lake].some((loadable) => prefix.startsWith(loadable));

export const load: Command = {
  name: "load",
  summary: `load the files under ${PREFIXES.clean} or ${PREFIXES.lake} into the database again, to rebuild it`,
  help: `load PREFIX [options]

  PREFIX       Prefix of the object keys to load. It starts with ${PREFIXES.clean} or ${PREFIXES.lake}.
  --data DIR   Data folder. Default: .flightline

  Rows that the database has already count as repeats and are not stored again.

Examples:
  flightline load ${PREFIXES.clean}
  ${settings.postgres.name}=postgres://me@db.example/flights flightline load ${PREFIXES.lakeHours}day=2026-01-01/`,
  options: dataOption,
  run(args, io) {
    const [prefix] = args.words;
    if (prefix === undefined || args.words.length > 1 || !isLoadable(prefix))
      throw usageError(
        `invalid PREFIX ${JSON.stringify(args.words.join(" "))}: use one prefix that starts with ${PREFIXES.clean} or ${PREFIXES.lake}`,
      );
    return withAdapters(args, io, async (adapters) => {
      if (adapters.reader === null)
        throw new CliError(`load requires a database, but ${settings.database.name} is none`);
      const shown = progress(io);
      let files = 0;
      let accepted = 0;
      for await (const { key } of adapters.objects.list(prefix)) {
        if (prefix.startsWith(PREFIXES.clean)) {
          if (parseCleanKey(key) === null) continue;
          accepted += (await loadClean(key, adapters))?.accepted ?? 0;
        } else accepted += await loadLake(key, adapters);
        files++;
        shown.say(`${many(files)} files, ${many(accepted)} rows`);
      }
      shown.end();
      io.out(`${many(files)} files, ${many(accepted)} rows stored\n`);
      return OK;
    });
  },
};
