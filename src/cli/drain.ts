import { loadAnnounced } from "../flow/request/load.ts";
import { pause } from "../retry.ts";
import type { Adapters } from "../server/adapters.ts";

const POLL_MS = 50;

/** Loads the files that the queue announces until the queue is empty. A running server may load some of them. */
export async function drainQueue(adapters: Adapters, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const stop = AbortSignal.any([signal, done.signal]);
  const working = adapters.queue.consume((key) => loadAnnounced(key, adapters), {
    signal: stop,
    concurrency: 2,
  });
  while (!stop.aborted && (await adapters.queue.depth()).waiting > 0) await pause(POLL_MS, stop);
  done.abort();
  await working;
}
