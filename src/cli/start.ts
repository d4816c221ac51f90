import { settings } from "../settings.ts";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { liveFeed } from "../server/live-feed.ts";
import type { PageContext } from "../server/page-routes.ts";
import { recordsOfBatch } from "../postgres/stream.ts";
import { startServer } from "../server/http-server.ts";
import { staticFiles } from "../server/static-files.ts";
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
import { isSource, namedFeeds, simulatedFeeds, type Feed, type FeedOptions } from "../server/feeds.ts";
import { inputs, type Input } from "./files.ts";
import { sourceOption } from "./produce.ts";
import { startWorkers } from "../server/workers.ts";
import type { Adapters } from "../server/adapters.ts";
import { openData } from "./open.ts";

const SOURCES_MS = 1_000;
const STOP_MS = 9_000;

export const start: Command = {
  name: "start",
  summary: "run both flows, the API and the page on this machine",
  help: `start [--data DIR] [--port N] [--from opensky|adsblol|simulator|FILE...] [--source NAME] [--speed N|max]
             [--aircraft N] [--retention-days N] [--postgres-port N] [--read-only]

  --data DIR          data folder, .flightline
  --port N            of API and page on 127.0.0.1, 8080; 0 takes a free one
  --from WORD...      where flights come from, through the stream; default: a simulated world through both flows
  --source NAME       source of all rows; else what each source is called
  --speed N|max       recorded files: seconds per second, 1; max: as fast as they are taken
  --aircraft N        in the simulated adapters, 400
  --retention-days N  how long local data are kept, 7 or ${settings.retention_days.name}; given here, rows elsewhere go too
  --postgres-port N   lets your own SQL client in, on 127.0.0.1 with a password; the DSN is printed
  --read-only         shows the stores that the settings name, such as a deployment's, and changes nothing

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
    if (args.words.length > 0) throw usageError(`unexpected ${JSON.stringify(args.words[0])}; files go behind --from`);
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
  retention_given: boolean;
  postgres_port: number | undefined;
  read_only: boolean;
  files: Map<string, Input>;
}

function startOptions(args: Arguments): Omit<StartOptions, "files"> {
  const read_only = flag(args, "read-only");
  if (read_only && words(args).length > 0) throw usageError("--read-only accepts no data: leave out --from");
  const retention_days = numberOption(args, "retention-days", 1);
  const speed = text(args, "speed") === "max" ? Infinity : (numberOption(args, "speed", 0.001) ?? 1);
  return {
    speed,
    aircraft: aircraftOption(args),
    port: portOption(args, "port") ?? 0,
    retention_days,
    retention_given: retention_days !== undefined,
    postgres_port: portOption(args, "postgres-port"),
    read_only,
  };
}

const MAX_AIRCRAFT = 100_000;

function aircraftOption(args: Arguments): number | undefined {
  const aircraft = numberOption(args, "aircraft", 1);
  if (aircraft !== undefined && !(Number.isInteger(aircraft) && aircraft <= MAX_AIRCRAFT))
    throw usageError(`--aircraft is ${aircraft}, allowed is 1 to ${MAX_AIRCRAFT}`);
  return aircraft;
}

function portOption(args: Arguments, name: string): number | undefined {
  const port = numberOption(args, name, 0);
  if (port !== undefined && !(Number.isInteger(port) && port <= 65_535))
    throw usageError(`--${name} is ${port}, allowed is 0 to 65535`);
  return port;
}

const words = (args: Arguments): string[] => (args.options["from"] as string[] | undefined) ?? [];

async function recordedFiles(args: Arguments, io: Io): Promise<Map<string, Input>> {
  const names = words(args).filter((word) => !isSource(word));
  const found = names.length === 0 ? [] : await inputs(names, io);
  return new Map(found.map((file) => [file.name, file]));
}

interface Serving {
  args: Arguments;
  io: Io;
  options: StartOptions;
}

/** Runs until the first signal, then ends what is under way. */
async function serve(adapters: Adapters, serving: Serving): Promise<number> {
  const stop = new AbortController();
  const signal = AbortSignal.any([serving.io.signal, stop.signal]);
  const onTrouble = troubleLog(serving.io);
  const live = liveFeed();
  const { retention_days } = adapters.config;
  const { read_only, retention_given } = serving.options;
  const workers = startWorkers(adapters, { signal, live, retention_days, retention_given, read_only, onTrouble });
  try {
    const server = await startServer({
      port: serving.options.port,
      page: { live, source: adapters.config.source, recordsOf: localRecords(adapters) },
      api: { ...adapters, read_only, flows: workers.flows, now_s: () => Date.now() / 1000, onError: onTrouble },
      files: pageFiles(),
    }).catch(portTaken(serving.options.port));
    const feeds = chooseFeeds(adapters, serving, { url: server.url, onTrouble });
    const fed = feeds.map((feed) => runFeed(feed, signal, onTrouble));
    const shown = setInterval(() => live.setSources(feeds.map((feed) => feed.status())), SOURCES_MS);
    announce(adapters, server.url, serving);
    await aborted(signal);
    clearInterval(shown);
    // what does not end in time is taken up again at the next start
    setTimeout(() => process.exit(OK), STOP_MS).unref();
    await Promise.all([server.close(), ...fed]);
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
      ? new CliError(`port ${port} is taken; choose another with --port`, 1, { cause })
      : cause;
  };

function chooseFeeds(
  adapters: Adapters,
  { args, options }: Serving,
  { url, onTrouble }: { url: string; onTrouble(error: unknown): void },
): Feed[] {
  const of: FeedOptions = {
    ...adapters,
    source: sourceOption(args),
    speed: options.speed,
    aircraft: options.aircraft,
    onTrouble,
  };
  if (options.read_only) return [];
  if (words(args).length === 0) return simulatedFeeds(() => `${url}/v1`, of);
  return namedFeeds(words(args), (files) => files.flatMap((name) => options.files.get(name) ?? []), of);
}

/** The local stream can be asked for the records of a batch. */
function localRecords({ config, postgres }: Adapters): PageContext["recordsOf"] {
  const { stream } = config;
  if (stream.kind !== "postgres" || postgres === undefined) return undefined;
  return (batch_id, arrived_at) => recordsOfBatch(postgres.pool, stream.name, { batch_id, arrived_at });
}

const pageFiles = () => {
  const answer = staticFiles(new URL("../../dist/web/", import.meta.url));
  return async (...of: Parameters<typeof answer>) => answer(...of);
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });

/** A feed that fails does not take the server down: what was stored stays to be seen. */
async function runFeed(feed: Feed, signal: AbortSignal, onTrouble: (error: unknown) => void): Promise<void> {
  await feed.run(signal).catch((error: unknown) => {
    if (!signal.aborted) onTrouble(error);
  });
}

/** The URL last and alone on its line; the file tells it to commands that find the folder taken. */
function announce({ data, postgres }: Adapters, url: string, { io, options }: Serving): void {
  if (!options.read_only) writeFileSync(path.join(data, "url"), `${url}\n`);
  if (postgres?.dsn !== undefined) io.out(`${postgres.dsn}\n`);
  io.out(`${url}\n`);
}

/** Troubles as JSON lines, the same one at most once in ten seconds. */
function troubleLog(io: Io): (error: unknown) => void {
  const told = new Map<string, number>();
  return (error) => {
    const message =
      error instanceof Error
        ? `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ""}`
        : String(error);
    if (Date.now() - (told.get(message) ?? 0) < 10_000) return;
    told.set(message, Date.now());
    io.err(`${JSON.stringify({ time: new Date().toISOString(), level: "warn", message })}\n`);
  };
}
