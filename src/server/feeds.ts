import { readFileSync } from "node:fs";
import { ConfigError, type Config } from "../config.ts";
import type { Stream } from "../flow/ports.ts";
import { postBody, PostError } from "../flow/request/post-body.ts";
import { producer } from "../flow/stream/produce.ts";
import { settings } from "../settings.ts";
import { liveSource } from "../source/live/live-source.ts";
import { recorded, type RecordedFile } from "../source/recorded.ts";
import { receiver, simulator } from "../source/simulation/simulator.ts";
import type { Source, SourceStatus } from "../source/source.ts";

/** A source of flights, connected to one of the flows. */
export interface Feed {
  status(): SourceStatus;
  /** Runs until the source ends or the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface FeedOptions {
  stream: Stream;
  config: Config;
  /** The source to record for every row. Undefined: the name of each feed's own source. */
  source: string | undefined;
  /** Playback speed of recorded files, in recorded seconds per second. */
  speed: number;
  /** Number of simulated aircraft. Undefined: the simulator's default. */
  aircraft: number | undefined;
  onTrouble(error: Error): void;
}

const SEED = 1;
/** The words of `--from` that name a source. Any other word is a file. */
const SOURCES = ["opensky", "adsblol", "simulator"] as const;
export const isSource = (word: string): word is (typeof SOURCES)[number] =>
  (SOURCES as readonly string[]).includes(word);

/** The feeds that `--from` names, all through the stream. Words that do not name a source are recorded files. */
export function namedFeeds(
  words: readonly string[],
  open: (files: string[]) => RecordedFile[],
  options: FeedOptions,
): Feed[] {
  const sources = words.filter(isSource).map((name) => openSource(name, options));
  const files = words.filter((word) => !isSource(word));
  const feeds = sources.map((source) => throughStream(source, options));
  return files.length === 0 ? feeds : [...feeds, replayed(open(files), options)];
}

/** The default: one simulation. A network of receivers sends it through the stream, and a single receiver through the API. */
export function simulatedFeeds(apiUrl: () => string, options: FeedOptions): Feed[] {
  const simulation = simulatorOptions(options);
  return [throughStream(simulator(simulation), options), throughApi(receiver(simulation), apiUrl, options)];
}

const simulatorOptions = ({ aircraft }: Pick<FeedOptions, "aircraft">): { seed: number; aircraft?: number } =>
  aircraft === undefined ? { seed: SEED } : { seed: SEED, aircraft };

function openSource(name: (typeof SOURCES)[number], { config, aircraft }: FeedOptions): Source {
  if (name === "simulator") return simulator(simulatorOptions({ aircraft }));
  const file = name === "opensky" ? config.opensky_credentials : undefined;
  const credentials = file === undefined ? undefined : readCredentials(file);
  try {
    return liveSource(name, { ...config, credentials });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ConfigError(`${settings[name === "adsblol" ? "adsblol_point" : "opensky_box"].name}: ${cause.message}`, {
      cause,
    });
  }
}

function readCredentials(file: string): { clientId: string; clientSecret: string } {
  const invalid = (cause?: unknown) =>
    new ConfigError(
      `${settings.opensky_credentials.name}: ${file} must be a JSON file of the form {"clientId": "...", "clientSecret": "..."}`,
      { cause },
    );
  try {
    const { clientId, clientSecret } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    if (typeof clientId === "string" && typeof clientSecret === "string") return { clientId, clientSecret };
  } catch (cause) {
    throw invalid(cause);
  }
  throw invalid();
}

function throughStream(source: Source, { stream, config, source: named, onTrouble }: FeedOptions): Feed {
  return {
    status: () => source.status(),
    async run(signal) {
      const to = producer(stream, { signal, groups: config.groups, source: named ?? source.name, onTrouble });
      for await (const { body, media_type } of source.polls(signal)) {
        await to.add(body, media_type);
        await to.flush();
      }
    },
  };
}

function replayed(files: readonly RecordedFile[], { stream, config, source, speed, onTrouble }: FeedOptions): Feed {
  const recording = recorded({ files, speed });
  return {
    status: () => recording.status(),
    async run(signal) {
      const to = producer(stream, { signal, groups: config.groups, source, onTrouble });
      await recording.play(to, signal);
      await to.flush();
    },
  };
}

/** The feed runs in the server's own process, so every failure of the server may be temporary. */
const isServerFailure = ({ status }: PostError): boolean => status === undefined || status >= 500;

function throughApi(source: Source, apiUrl: () => string, { source: named, onTrouble }: FeedOptions): Feed {
  return {
    status: () => source.status(),
    async run(signal) {
      const url = `${apiUrl()}/states?source=${named ?? source.name}`;
      for await (const poll of source.polls(signal))
        await postBody(url, poll, { signal, isTransient: isServerFailure, onRetry: onTrouble }).catch(
          (error: unknown) => {
            if (!(error instanceof PostError)) throw error;
            if (!signal.aborted) onTrouble(error);
          },
        );
    },
  };
}
