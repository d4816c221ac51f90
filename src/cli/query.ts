import pg from "pg";
import { transaction } from "../postgres/transaction.ts";
import { settings } from "../settings.ts";
import { CliError, dataOption, flag, OK, usageError, type Command, type Io } from "./command.ts";
import { withAdapters } from "./open.ts";

export const query: Command = {
  name: "query",
  summary: "run a read-only SQL statement on the database",
  help: `query SQL [options]

  SQL          One SQL statement, in quotes. - reads it from standard input. It runs in a read-only transaction.
               Tables: aircraft, state_vectors, batches, deliveries
  --data DIR   Data folder. Default: .flightline
  --json       Prints each row as a JSON object on a line of its own.

Examples:
  flightline query "select icao24, callsign, baro_altitude from aircraft order by baro_altitude desc nulls last limit 5"
  flightline query - --json < sql/samples/busiest-hours.sql`,
  options: { ...dataOption, json: { type: "boolean", default: false } },
  async run(args, io) {
    if (args.words.length !== 1)
      throw usageError(`expected one SQL statement in quotes, got ${args.words.length} arguments`);
    const sql = args.words[0] === "-" ? await readAll(io) : (args.words[0] ?? "");
    return withAdapters(args, io, async ({ postgres }) => {
      if (postgres === undefined)
        throw new CliError(
          `query requires PostgreSQL, but the settings do not choose it: set ${settings.database.name}=postgres`,
        );
      const rows = await readOnly(postgres.pool, sql);
      io.out(flag(args, "json") ? rows.map((row) => `${JSON.stringify(row)}\n`).join("") : tableOf(rows));
      return OK;
    });
  },
};

type Row = Record<string, unknown>;

async function readOnly(pool: pg.Pool, sql: string): Promise<Row[]> {
  try {
    return await transaction(pool, async (client) => (await client.query<Row>(sql)).rows, "begin read only");
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError)) throw cause;
    throw new CliError(`${cause.message}${cause.hint === undefined ? "" : ` (${cause.hint})`}`, 1, { cause });
  }
}

async function readAll(io: Io): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of io.stdin as AsyncIterable<Buffer>) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString("utf8");
}

/** A text table. Each column is as wide as its widest cell. */
function tableOf(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return "(no rows)\n";
  const names = Object.keys(first);
  const cells = rows.map((row) => names.map((name) => cellOf(row[name])));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (lineCells: readonly string[]) =>
    lineCells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(names), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n") + "\n";
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
