import path from "node:path";
import type pg from "pg";
import { onTestFinished } from "vitest";
import { openAdapters, type Adapters } from "../../src/server/adapters.ts";
import type { ApiContext } from "../../src/flow/api/api.ts";
import { loadAnnounced } from "../../src/flow/request/load.ts";
import { liveFeed } from "../../src/server/live-feed.ts";
import { startServer } from "../../src/server/http-server.ts";
import { newPlace, type Place } from "../harness/product.ts";

/** What a test may replace of the world that the API stands on. */
export type Change = (world: Adapters) => Partial<ApiContext>;

export interface ApiUnderTest {
  url: string;
  world: Adapters;
  place: Place;
  /** Errors that were not the client's. */
  errors: unknown[];
  /** Loads what the queue holds, as the loader does. */
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

/** The stores of one place, wired as the commands wire them. */
export async function worldOf(place: Place): Promise<Adapters> {
  const world = await openAdapters({ env: place.env, data: place.data });
  onTestFinished(() => world.close());
  return world;
}

/** A server on stores of its own, without the loops behind it. */
export async function startApi(change: Change = () => ({})): Promise<ApiUnderTest> {
  const place = await newPlace();
  const world = await worldOf(place);
  const errors: unknown[] = [];
  const live = liveFeed();
  const server = await startServer({
    port: 0,
    page: { live, source: world.config.source },
    api: {
      ...world,
      flows: () => world.counter.count(),
      now_s: () => Date.now() / 1000,
      onError: (error) => errors.push(error),
      ...change(world),
    },
    files: async () => false,
  });
  onTestFinished(() => server.close());
  return {
    url: server.url,
    world,
    place,
    errors,
    load: () => drain(world),
    async post(body, { query = "", headers = { "content-type": "application/json" } } = {}) {
      const response = await fetch(`${server.url}/v1/states${query}`, { method: "POST", headers, body });
      return { status: response.status, answer: (await response.json()) as Answer };
    },
  };
}

async function drain(world: Adapters): Promise<void> {
  const stop = new AbortController();
  const working = world.queue.consume((message) => loadAnnounced(message, world), { signal: stop.signal });
  while ((await world.queue.depth()).waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  await working;
}

/** The pool of a world on PostgreSQL. */
export function poolOf({ postgres }: Adapters): pg.Pool {
  if (postgres === undefined) throw new Error("this world has no PostgreSQL");
  return postgres.pool;
}

/** Keys of the objects under a prefix. */
export async function keysOf({ objects }: Pick<Adapters, "objects">, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  return keys;
}

export const folderOf = ({ data }: Place): string => path.join(data, "objects");
