import type { Readable } from "node:stream";
import { parseArgs, type ParseArgsConfig } from "node:util";

/** The parts of the process that commands use. */
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
  /** The usage line without `flightline`, then options and examples. */
  help: string;
  options: NonNullable<ParseArgsConfig["options"]>;
  run(args: Arguments, io: Io): Promise<number>;
}

export const OK = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;

/** An error that the user can act on. The command prints only its message. */
export class CliError extends Error {
  override name = "CliError";
  readonly exitCode: number;
  constructor(message: string, exitCode = FAILED, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export const usageError = (message: string): CliError => new CliError(message, WRONG_USAGE);

/** The option of every command that uses the data folder. */
export const dataOption = { data: { type: "string", default: ".flightline" } } as const;

/** Parses words and options. An option that is `multiple` has all words up to the next option as values. */
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
  const value = args.options[name];
  return typeof value === "string" ? value : undefined;
};
export const flag = (args: Arguments, name: string): boolean => args.options[name] === true;

/** The value of an option that allows only a few words. Throws a usage error for any other. */
export function oneOf<T extends string>(args: Arguments, name: string, allowed: readonly T[]): T | undefined {
  const value = text(args, name);
  if (value === undefined || allowed.includes(value as T)) return value as T | undefined;
  const choice = allowed.join(", ").replace(/, ([^,]*)$/, " or $1");
  throw usageError(`invalid value ${JSON.stringify(value)} for --${name}: allowed is ${choice}`);
}

/** The value of an option that is a number of at least `min`. Throws a usage error for any other. */
export function numberOption(args: Arguments, name: string, min: number): number | undefined {
  const value = text(args, name);
  if (value === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(value) || Number(value) < min)
    throw usageError(`invalid value ${JSON.stringify(value)} for --${name}: allowed is a number of at least ${min}`);
  return Number(value);
}
