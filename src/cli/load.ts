import { loadClean, loadLake } from "../flow/request/load.ts";
import { parseCleanKey } from "../flow/objects/keys.ts";
import { dataOption, OK, usageError, type Command } from "./command.ts";
import { many, progress } from "./progress.ts";
import { withWorld } from "../server/adapters.ts";

export const load: Command = {
  name: "load",
  summary: "rebuild a database from the files of clean/ or lake/",
  help: `load PREFIX [--data DIR]

  PREFIX   clean/ or lake/, or the beginning of keys below one of them. What is loaded already is a repeat.

Examples:
  flightline load clean/
  FLIGHTLINE_POSTGRES=postgres://me@db.example/flights flightline load lake/state_vectors/day=2026-01-01/`,
  options: dataOption,
  run(given, io) {
    const [prefix] = given.words;
    if (prefix === undefined || given.words.length > 1 || !/^(clean|lake)\//.test(prefix))
      throw usageError("name one PREFIX that begins with clean/ or lake/");
    return withWorld(given, io, async (world) => {
      const shown = progress(io);
      let files = 0;
      let accepted = 0;
      for await (const { key } of world.objects.list(prefix)) {
        if (prefix.startsWith("clean/")) {
          if (parseCleanKey(key) === null) continue;
          accepted += (await loadClean(key, world))?.accepted ?? 0;
        } else accepted += await loadLake(key, world);
        files++;
        shown.say(`${many(files)} files, ${many(accepted)} rows`);
      }
      shown.end();
      io.out(`${many(files)} files, ${many(accepted)} rows stored\n`);
      return OK;
    });
  },
};
