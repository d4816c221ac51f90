import { loadAnnounced } from "../flow/request/load.ts";
import { pause } from "../retry.ts";
import type { Adapters } from "../server/adapters.ts";

const LOOK_MS = 50;

/** Helps to load what the queue holds, beside a server's loader if one runs, until nothing waits. */
export async function drainQueue(adapters: Adapters, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const stop = AbortSignal.any([signal, done.signal]);
  const working = adapters.queue.consume((key) => loadAnnounced(key, adapters), {
    signal: stop,
    concurrency: 2,
  });
  while (!stop.aborted && (await adapters.queue.depth()).waiting > 0) await pause(LOOK_MS, stop);
  done.abort();
  await working;
}
