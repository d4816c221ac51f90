#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { ConfigError, refuseUnknown } from "../config.ts";
import { BadKeyError, NewerSchemaError, UnavailableError } from "../flow/errors.ts";
import { PostError } from "../flow/request/post-body.ts";
import { UndecodableError, TooLargeError } from "../format/errors.ts";
import { AlreadyRunningError } from "../postgres/embedded/server.ts";
import { clean } from "./clean.ts";
import { CliError, FAILED, OK, parseCommand, WRONG_USAGE, type Command, type Io } from "./command.ts";
import { compact } from "./compact.ts";
import { consume } from "./consume.ts";
import { contract } from "./contract.ts";
import { flows } from "./flows.ts";
import { ingest } from "./ingest.ts";
import { load } from "./load.ts";
import { migrate } from "./migrate.ts";
import { produce } from "./produce.ts";
import { query } from "./query.ts";
import { replay } from "./replay.ts";
import { start } from "./start.ts";
import { stopHandler } from "./stop-signals.ts";

const commands: readonly Command[] = [
  start,
  clean,
  ingest,
  load,
  migrate,
  produce,
  consume,
  flows,
  query,
  replay,
  compact,
  contract,
];

const help = (): string => `flightline: brings in flight data, cleans it by one set of rules, and stores it without loss

Usage: flightline COMMAND [options]

${commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join("\n")}

  flightline COMMAND --help   Shows the options and examples of a command.
  flightline --version        Shows the version.
`;

function version(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}

async function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    io.out(help());
    return name === undefined ? WRONG_USAGE : OK;
  }
  if (name === "--version" || name === "-v") {
    io.out(`${version()}\n`);
    return OK;
  }
  const command = commands.find((known) => known.name === name);
  if (command === undefined) throw new CliError(`unknown command ${JSON.stringify(name)}\n\n${help()}`, WRONG_USAGE);
  if (rest.includes("--help") || rest.includes("-h")) {
    io.out(`${command.summary}\n\nUsage: flightline ${command.help}\n`);
    return OK;
  }
  refuseUnknown(io.env);
  return command.run(parseCommand(command, rest), io);
}

/** The message alone for an error that the user can act on. Any other error is a defect and shows its stack. */
function explain(error: unknown): { text: string; exitCode: number } {
  if (error instanceof CliError) return { text: error.message, exitCode: error.exitCode };
  const isExpected = [
    AlreadyRunningError,
    ConfigError,
    UnavailableError,
    NewerSchemaError,
    PostError,
    BadKeyError,
    UndecodableError,
    TooLargeError,
  ].some((kind) => error instanceof kind);
  if (isExpected && error instanceof Error) return { text: error.message, exitCode: FAILED };
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: FAILED };
}

const stopped = new AbortController();
const onSignal = stopHandler({
  now_ms: () => performance.now(),
  stop: () => stopped.abort(),
  exit: (signal) => process.exit(128 + constants.signals[signal]),
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // the reader of the pipe has closed it, as `head` does: this is not a failure
  if (error.code === "EPIPE") process.exit(OK);
  throw error;
});

const io: Io = {
  env: process.env,
  stdin: process.stdin,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  signal: stopped.signal,
  isTerminal: process.stderr.isTTY,
};

try {
  process.exitCode = await run(process.argv.slice(2), io);
} catch (error) {
  const { text, exitCode } = explain(error);
  io.err(`flightline: ${text}\n`);
  process.exitCode = exitCode;
}
