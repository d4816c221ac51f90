import { settings } from "../settings.ts";
import { CliError, dataOption, OK, type Command } from "./command.ts";
import { withAdapters } from "./open.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "migrate the schema of the database to this version",
  help: `migrate [options]

  --data DIR   Data folder. Default: .flightline

  ${settings.postgres.name} chooses another PostgreSQL server than the one in the data folder.

Examples:
  flightline migrate
  ${settings.postgres.name}=postgres://me@db.example/flights flightline migrate`,
  options: dataOption,
  run: (args, io) =>
    withAdapters(args, io, async ({ postgres }) => {
      if (postgres === undefined)
        throw new CliError(
          `migrate requires PostgreSQL, but the settings do not choose it: set ${settings.database.name}=postgres`,
        );
      const { migrated } = postgres;
      io.out(migrated.length === 0 ? "the schema is up to date\n" : `ran ${migrated.join(", ")}\n`);
      return OK;
    }),
};
