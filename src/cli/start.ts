import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { recordsOfBatch } from "../postgres/stream.ts";
import type { Adapters } from "../server/adapters.ts";
import { isSource, namedFeeds, simulatedFeeds, type Feed, type FeedOptions } from "../server/feeds.ts";
import { startServer } from "../server/http-server.ts";
import { liveFeed } from "../server/live-feed.ts";
import type { PageContext } from "../server/page-routes.ts";
import { staticFiles } from "../server/static-files.ts";
import { startWorkers } from "../server/workers.ts";
import { settings } from "../settings.ts";
import {
  CliError,
  dataOption,
  flag,
  numberOption,
  OK,
  text,
  usageError,
  type Command,
  type Arguments,
  type Io,
} from "./command.ts";
import { inputs, type Input } from "./files.ts";
import { openData } from "./open.ts";
import { sourceOption } from "./produce.ts";
import { troubleLog } from "./trouble-log.ts";

const STATUS_MS = 1_000;
/** Less than the 10 s after which Docker kills a container that it stops. */
const STOP_MS = 9_000;
const MAX_AIRCRAFT = 100_000;

export const start: Command = {
  name: "start",
  summary: "run both flows, the API and the page on this machine",
  help: `start [options]

  --data DIR           Data folder. Default: .flightline
  --port N             Port of the API and the page on 127.0.0.1. 0 chooses a free port. Default: 8080
  --from SOURCE...     Where flights come from: opensky, adsblol, simulator, or recorded files. They go through the
                       stream. Default: a simulation that goes through both flows
  --source NAME        Source to record for every row. Default: each feed's own name
  --speed N|max        Playback speed of recorded files, in recorded seconds per second. max plays as fast as the
                       stream accepts rows. Default: 1
  --aircraft N         Number of simulated aircraft, 1 to ${MAX_AIRCRAFT}. Default: 400
  --retention-days N   Age in days at which data in the data folder are deleted. Rows in a database outside the data
                       folder are deleted at this age only if you use this option.
                       Default: ${settings.retention_days.name}, or ${settings.retention_days.default}
  --postgres-port N    Opens the embedded PostgreSQL to other SQL clients, on 127.0.0.1 at this port with a password.
                       Prints the URL for them. Default: closed
  --read-only          Shows the stores that the settings choose, such as those of a deployment. Changes nothing.

Examples:
  flightline start
  flightline start --from recorded/*.json.gz --speed max
  flightline start --from opensky --port 9000`,
  options: {
    ...dataOption,
    port: { type: "string", default: "8080" },
    from: { type: "string", multiple: true },
    source: { type: "string" },
    speed: { type: "string", default: "1" },
    aircraft: { type: "string" },
    "retention-days": { type: "string" },
    "postgres-port": { type: "string" },
    "read-only": { type: "boolean", default: false },
  },
  async run(args, io) {
    if (args.words.length > 0)
      throw usageError(`unexpected argument ${JSON.stringify(args.words[0])}: list files after --from`);
    const options = { ...startOptions(args), files: await recordedFiles(args, io) };
    const adapters = await openData(args, io, { owns: !options.read_only, migrates: !options.read_only, ...options });
    try {
      return await serve(adapters, { args, io, options });
    } finally {
      await adapters.close();
    }
  },
};

interface StartOptions {
  port: number;
  speed: number;
  aircraft: number | undefined;
  retention_days: number | undefined;
  /** `--retention-days` was used. */
  expires_external_rows: boolean;
  postgres_port: number | undefined;
  read_only: boolean;
  files: Map<string, Input>;
}

function startOptions(args: Arguments): Omit<StartOptions, "files"> {
  const read_only = flag(args, "read-only");
  if (read_only && fromWords(args).length > 0)
    throw usageError("--read-only changes nothing, so it cannot be combined with --from");
  const retention_days = numberOption(args, "retention-days", 1);
  const speed = text(args, "speed") === "max" ? Infinity : (numberOption(args, "speed", 0.001) ?? 1);
  return {
    speed,
    aircraft: aircraftOption(args),
    port: portOption(args, "port") ?? 0,
    retention_days,
    expires_external_rows: retention_days !== undefined,
    postgres_port: portOption(args, "postgres-port"),
    read_only,
  };
}

function aircraftOption(args: Arguments): number | undefined {
  const aircraft = numberOption(args, "aircraft", 1);
  if (aircraft !== undefined && !(Number.isInteger(aircraft) && aircraft <= MAX_AIRCRAFT))
    throw usageError(`invalid value ${aircraft} for --aircraft: allowed is a whole number from 1 to ${MAX_AIRCRAFT}`);
  return aircraft;
}

function portOption(args: Arguments, name: string): number | undefined {
  const port = numberOption(args, name, 0);
  if (port !== undefined && !(Number.isInteger(port) && port <= 65_535))
    throw usageError(`invalid value ${port} for --${name}: allowed is a whole number from 0 to 65535`);
  return port;
}

const fromWords = (args: Arguments): string[] => (args.options["from"] as string[] | undefined) ?? [];

async function recordedFiles(args: Arguments, io: Io): Promise<Map<string, Input>> {
  const names = fromWords(args).filter((word) => !isSource(word));
  const files = names.length === 0 ? [] : await inputs(names, io);
  return new Map(files.map((file) => [file.name, file]));
}

interface Serving {
  args: Arguments;
  io: Io;
  options: StartOptions;
}

/** Serves until the first signal, and then finishes the current work. */
async function serve(adapters: Adapters, serving: Serving): Promise<number> {
  const stop = new AbortController();
  const signal = AbortSignal.any([serving.io.signal, stop.signal]);
  const onTrouble = troubleLog(serving.io);
  const live = liveFeed();
  const { retention_days } = adapters.config;
  const { read_only, expires_external_rows } = serving.options;
  const workers = startWorkers(adapters, {
    signal,
    live,
    retention_days,
    expires_external_rows,
    read_only,
    onTrouble,
  });
  try {
    // before the port opens: an error of the settings must not leave it open
    let url = "";
    const feeds = chooseFeeds(adapters, serving, { apiUrl: () => `${url}/v1`, onTrouble });
    const server = await startServer({
      port: serving.options.port,
      page: { live, source: adapters.config.source, recordsOf: localRecords(adapters) },
      api: { ...adapters, read_only, flows: workers.flows, now_s: () => Date.now() / 1000, onError: onTrouble },
      files: pageFiles(),
    }).catch(portTaken(serving.options.port));
    url = server.url;
    const running = feeds.map((feed) => runFeed(feed, signal, onTrouble));
    const statusTimer = setInterval(() => live.setSources(feeds.map((feed) => feed.status())), STATUS_MS);
    announce(adapters, url, serving);
    await aborted(signal);
    clearInterval(statusTimer);
    // exits with unfinished work after STOP_MS: the next start continues it
    setTimeout(() => process.exit(OK), STOP_MS).unref();
    await Promise.all([server.close(), ...running]);
    return OK;
  } finally {
    stop.abort();
    await workers.ended;
    if (!read_only) rmSync(path.join(adapters.data, "url"), { force: true });
  }
}

const portTaken =
  (port: number) =>
  (cause: NodeJS.ErrnoException): never => {
    throw cause.code === "EADDRINUSE"
      ? new CliError(`port ${port} is in use; choose another with --port`, 1, { cause })
      : cause;
  };

function chooseFeeds(
  adapters: Adapters,
  { args, options }: Serving,
  { apiUrl, onTrouble }: { apiUrl(): string; onTrouble(error: unknown): void },
): Feed[] {
  const feedOptions: FeedOptions = {
    ...adapters,
    source: sourceOption(args),
    speed: options.speed,
    aircraft: options.aircraft,
    onTrouble,
  };
  if (options.read_only) return [];
  if (fromWords(args).length === 0) return simulatedFeeds(apiUrl, feedOptions);
  return namedFeeds(fromWords(args), (files) => files.flatMap((name) => options.files.get(name) ?? []), feedOptions);
}

/** Reads the records of a batch. Only the local stream can find them. */
function localRecords({ config, postgres }: Adapters): PageContext["recordsOf"] {
  const { stream } = config;
  if (stream.kind !== "postgres" || postgres === undefined) return undefined;
  return (batch_id, arrived_at) => recordsOfBatch(postgres.pool, stream.name, { batch_id, arrived_at });
}

const pageFiles = () => {
  const answer = staticFiles(new URL("../../dist/web/", import.meta.url));
  return async (...request: Parameters<typeof answer>) => answer(...request);
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });

/** A feed that fails is reported. The server goes on and shows the rows that are stored. */
async function runFeed(feed: Feed, signal: AbortSignal, onTrouble: (error: unknown) => void): Promise<void> {
  await feed.run(signal).catch((error: unknown) => {
    if (!signal.aborted) onTrouble(error);
  });
}

/**
 * Prints the URL last, on a line of its own. Also writes it to a file of the data folder, for the error message of a second
 * start on this folder.
 */
function announce({ data, postgres }: Adapters, url: string, { io, options }: Serving): void {
  if (!options.read_only) writeFileSync(path.join(data, "url"), `${url}\n`);
  if (postgres?.dsn !== undefined) io.out(`${postgres.dsn}\n`);
  io.out(`${url}\n`);
}
