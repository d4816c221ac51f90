import { settings } from "../settings.ts";
import { CliError, dataOption, OK, type Command } from "./command.ts";
import { withAdapters } from "./open.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "bring the database's schema up to this version",
  help: `migrate [--data DIR]

  --data DIR   the data folder (.flightline); ${settings.postgres.name} names another server

Examples:
  flightline migrate
  ${settings.postgres.name}=postgres://me@db.example/flights flightline migrate`,
  options: dataOption,
  run: (args, io) =>
    withAdapters(args, io, async ({ postgres }) => {
      if (postgres === undefined) throw new CliError("no setting names PostgreSQL: there is no schema to migrate");
      const { migrated } = postgres;
      io.out(migrated.length === 0 ? "the schema is up to date\n" : `ran ${migrated.join(", ")}\n`);
      return OK;
    }),
};
