import { CliError, dataOption, OK, type Command } from "./command.ts";
import { withWorld } from "../server/adapters.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "bring the database's schema up to this version",
  help: `migrate [--data DIR]

  --data DIR   the data folder (.flightline); FLIGHTLINE_POSTGRES names another server

Examples:
  flightline migrate
  FLIGHTLINE_POSTGRES=postgres://me@db.example/flights flightline migrate`,
  options: dataOption,
  run: (given, io) =>
    withWorld(given, io, async ({ postgres }) => {
      if (postgres === undefined) throw new CliError("no setting names PostgreSQL: there is no schema to migrate");
      const { migrated } = postgres;
      io.out(migrated.length === 0 ? "the schema is up to date\n" : `ran ${migrated.join(", ")}\n`);
      return OK;
    }),
};
