import { readFileSync } from "node:fs";
import type { CheckpointSession, Lease } from "../../src/flow/ports.ts";
import { ingest } from "../../src/flow/request/ingest.ts";
import { loadClean, sweep } from "../../src/flow/request/load.ts";
import { consume } from "../../src/flow/stream/consume.ts";
import { inflate } from "../../src/format/gzip.ts";
import { openAdapters, type Adapters } from "../../src/server/adapters.ts";

/**
 * Ingests a body, loads and consumes, and kills itself when it passes a named point for the N-th time:
 *   node --import tsx test/e2e/killed-process.ts DATA BODY POINT N
 * If it never does, it exits with code 0 when all work is done.
 */
const [data = "", file = "", point = "", nth = "1"] = process.argv.slice(2);

let passes = 0;
function pass(name: string): void {
  if (name === point && ++passes === Number(nth)) process.kill(process.pid, "SIGKILL");
}

/** The adapters with a point before and after each write. */
function withPoints(adapters: Adapters): Adapters {
  const { objects, sink, checkpoints } = adapters;
  const kindOf = (key: string): string => (key.endsWith(".json") ? "receipt" : (key.split("/")[0] ?? ""));
  const put: typeof objects.put = async (key, body) => {
    pass(`before ${kindOf(key)}`);
    const answer = await objects.put(key, body);
    pass(`after ${kindOf(key)}`);
    return answer;
  };
  const apply: typeof sink.apply = async (write) => {
    pass("before apply");
    const applied = await sink.apply(write);
    pass("after apply");
    return applied;
  };
  const withSavePoints = (lease: Lease | null): Lease | null =>
    lease && {
      ...lease,
      async save(position) {
        pass("before checkpoint");
        await lease.save(position);
        pass("after checkpoint");
      },
    };
  const open = async (): Promise<CheckpointSession> => {
    const session = await checkpoints.open();
    return { ...session, lease: async (shard) => withSavePoints(await session.lease(shard)) };
  };
  return { ...adapters, objects: { ...objects, put }, sink: { ...sink, apply }, checkpoints: { open } };
}

const adapters = withPoints(await openAdapters({ env: process.env, data }));
process.stdout.write("ready\n");

const body = readFileSync(file);
const request = { body, media_type: "application/json", source: undefined, format: "ndjson" as const };
const received_at = Math.floor(Date.now() / 1000);
await ingest({ ...request, idempotency_key: undefined, received_at }, inflate(body), adapters);

const stop = new AbortController();
const loading = adapters.queue.consume(async (key) => void (await loadClean(key, adapters)), { signal: stop.signal });
await consume({ ...adapters, source: "opensky", lake: "parquet" }, { signal: stop.signal, untilEmpty: true });
// with a later time the sweep treats all receipts as settled, and finishes the work of earlier processes
await sweep(adapters, {
  known: new Set(),
  onBroken: (_, error) => {
    throw error;
  },
  now_s: Date.now() / 1000 + 60,
});
while ((await adapters.queue.depth()).waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
stop.abort();
await loading;
await adapters.close();
