import path from "node:path";
import type pg from "pg";
import { onTestFinished } from "vitest";
import type { ApiContext } from "../../src/flow/api/api.ts";
import { loadAnnounced } from "../../src/flow/request/load.ts";
import { openAdapters, type Adapters } from "../../src/server/adapters.ts";
import { startServer } from "../../src/server/http-server.ts";
import { liveFeed } from "../../src/server/live-feed.ts";
import { newInstallation, type TestInstallation } from "../harness/product.ts";

/** Replaces parts of the API's context, for example a port by one that fails. */
export type Override = (adapters: Adapters) => Partial<ApiContext>;

export interface ApiUnderTest {
  url: string;
  adapters: Adapters;
  installation: TestInstallation;
  /** Errors that the client did not cause. */
  errors: unknown[];
  /** Loads the files that the queue announces, as the loader does. */
  load(): Promise<void>;
  post(
    body: BodyInit,
    options?: { query?: string; headers?: Record<string, string> },
  ): Promise<{ status: number; answer: Answer }>;
}
export interface Answer {
  id: string;
  received: number;
  cleaned: number;
  rejected: Record<string, number>;
  error?: { code: string; message: string; path?: string; value?: unknown; allowed?: unknown };
}

/** Opens the adapters of an installation, as commands do. Closes them after the test. */
export async function adaptersOf({ env, data }: TestInstallation): Promise<Adapters> {
  const adapters = await openAdapters({ env, data });
  onTestFinished(() => adapters.close());
  return adapters;
}

/** Starts a server on a new installation, without the background jobs. */
export async function startApi(override: Override = () => ({})): Promise<ApiUnderTest> {
  const installation = await newInstallation();
  const adapters = await adaptersOf(installation);
  const errors: unknown[] = [];
  const live = liveFeed();
  const server = await startServer({
    port: 0,
    page: { live, source: adapters.config.source },
    api: {
      ...adapters,
      flows: () => adapters.counter.count(),
      now_s: () => Date.now() / 1000,
      onError: (error) => errors.push(error),
      ...override(adapters),
    },
    files: async () => false,
  });
  onTestFinished(() => server.close());
  return {
    url: server.url,
    adapters,
    installation,
    errors,
    load: () => drain(adapters),
    async post(body, { query = "", headers = { "content-type": "application/json" } } = {}) {
      const response = await fetch(`${server.url}/v1/states${query}`, { method: "POST", headers, body });
      return { status: response.status, answer: (await response.json()) as Answer };
    },
  };
}

async function drain(adapters: Adapters): Promise<void> {
  const stop = new AbortController();
  const working = adapters.queue.consume((key) => loadAnnounced(key, adapters), { signal: stop.signal });
  while ((await adapters.queue.depth()).waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  await working;
}

/** The pool of adapters on PostgreSQL. */
export function poolOf({ postgres }: Adapters): pg.Pool {
  if (postgres === undefined) throw new Error("these adapters do not use PostgreSQL");
  return postgres.pool;
}

/** Keys of the objects under a prefix. */
export async function keysOf({ objects }: Pick<Adapters, "objects">, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  return keys;
}

export const folderOf = ({ data }: TestInstallation): string => path.join(data, "objects");
