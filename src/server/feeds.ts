import { settings } from "../settings.ts";
import { readFileSync } from "node:fs";
import { ConfigError, type Config } from "../config.ts";
import { producer } from "../flow/stream/produce.ts";
import { postBody, PostError } from "../flow/request/post-body.ts";
import type { Stream } from "../flow/ports.ts";
import { liveSource } from "../source/live/live-source.ts";
import { recorded, type RecordedFile } from "../source/recorded.ts";
import { receiver, simulator } from "../source/simulation/simulator.ts";
import type { Source, SourceStatus } from "../source/source.ts";

/** Where flights come from, wired to one of the flows. */
export interface Feed {
  status(): SourceStatus;
  /** Runs until the source has no more or the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface FeedOptions {
  stream: Stream;
  config: Config;
  /** The record's source for every row; unset: what each source is called. */
  source: string | undefined;
  /** Recorded seconds per second. */
  speed: number;
  /** In the simulated world; unset: as many as it has by itself. */
  aircraft: number | undefined;
  onTrouble(error: Error): void;
}

const SEED = 1;
/** The words of `--from` that name a source. Any other word is a file. */
const SOURCES = ["opensky", "adsblol", "simulator"] as const;
export const isSource = (word: string): word is (typeof SOURCES)[number] =>
  (SOURCES as readonly string[]).includes(word);

/** What `--from` names, all of it through the stream. Files are those words that name no source. */
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

/** The default: one simulated world, heard by a network through the stream and by one receiver through the API. */
export function simulatedFeeds(apiUrl: () => string, options: FeedOptions): Feed[] {
  const world = simulated(options);
  return [throughStream(simulator(world), options), throughApi(receiver(world), apiUrl, options)];
}

const simulated = ({ aircraft }: Pick<FeedOptions, "aircraft">): { seed: number; aircraft?: number } =>
  aircraft === undefined ? { seed: SEED } : { seed: SEED, aircraft };

function openSource(name: (typeof SOURCES)[number], { config, aircraft }: FeedOptions): Source {
  if (name === "simulator") return simulator(simulated({ aircraft }));
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
  const wrong = (cause?: unknown) =>
    new ConfigError(
      `${settings.opensky_credentials.name}: ${file} must be a JSON file {"clientId": "...", "clientSecret": "..."}`,
      { cause },
    );
  try {
    const { clientId, clientSecret } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    if (typeof clientId === "string" && typeof clientSecret === "string") return { clientId, clientSecret };
  } catch (cause) {
    throw wrong(cause);
  }
  throw wrong();
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
  const from = recorded({ files, speed });
  return {
    status: () => from.status(),
    async run(signal) {
      const to = producer(stream, { signal, groups: config.groups, source, onTrouble });
      await from.play(to, signal);
      await to.flush();
    },
  };
}

/** The feed runs next to its server, so every failure of the server may pass. */
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
