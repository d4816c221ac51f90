import type { Readable } from "node:stream";
import { parseArgs, type ParseArgsConfig } from "node:util";

/** What a command gets of the process; tests give their own. */
export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  stdin: Readable;
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes to standard error: progress and errors. */
  err(text: string): void;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  signal: AbortSignal;
  isTerminal: boolean;
}

export interface Arguments {
  words: string[];
  options: Record<string, string | boolean | string[] | undefined>;
}

export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What follows `flightline`, then options and examples. */
  help: string;
  options: NonNullable<ParseArgsConfig["options"]>;
  run(args: Arguments, io: Io): Promise<number>;
}

export const OK = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;

/** An end of a command that the user can do something about: its message is all that is shown. */
export class CliError extends Error {
  override name = "CliError";
  readonly exitCode: number;
  constructor(message: string, exitCode = FAILED, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export const usageError = (message: string): CliError => new CliError(message, WRONG_USAGE);

/** Options that every command that touches the data folder takes. */
export const dataOption = { data: { type: "string", default: ".flightline" } } as const;

/** Reads words and options; `--name` that is `multiple` takes all words up to the next option. */
export function parseCommand(command: Command, args: readonly string[]): Arguments {
  const lists = Object.entries(command.options).flatMap(([name, { multiple }]) =>
    multiple === true ? [`--${name}`] : [],
  );
  const spread: string[] = [];
  let list: string | undefined;
  for (const word of args) {
    if (word.startsWith("-") && word !== "-") {
      list = lists.includes(word) ? word : undefined;
      if (list === undefined) spread.push(word);
    } else if (list === undefined) spread.push(word);
    else spread.push(`${list}=${word}`);
  }
  try {
    const { values, positionals } = parseArgs({
      args: spread,
      options: command.options,
      allowPositionals: true,
      strict: true,
    });
    return { words: positionals, options: values as Arguments["options"] };
  } catch (cause) {
    throw new CliError(
      `${cause instanceof Error ? cause.message : String(cause)}\nSee: flightline ${command.name} --help`,
      WRONG_USAGE,
      { cause },
    );
  }
}

export const text = (args: Arguments, name: string): string | undefined => {
  const found = args.options[name];
  return typeof found === "string" ? found : undefined;
};
export const flag = (args: Arguments, name: string): boolean => args.options[name] === true;

/** One of a few words, or a usage error that lists them. */
export function oneOf<T extends string>(args: Arguments, name: string, allowed: readonly T[]): T | undefined {
  const found = text(args, name);
  if (found === undefined || allowed.includes(found as T)) return found as T | undefined;
  throw usageError(`--${name} is ${JSON.stringify(found)}, allowed is ${allowed.join(", ")}`);
}

/** A number at least `least`, or a usage error. */
export function numberOption(args: Arguments, name: string, least: number): number | undefined {
  const found = text(args, name);
  if (found === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(found) || Number(found) < least)
    throw usageError(`--${name} is ${JSON.stringify(found)}, allowed is a number of at least ${least}`);
  return Number(found);
}
