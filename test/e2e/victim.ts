import { inflate } from "../../src/format/gzip.ts";
import { readFileSync } from "node:fs";
import { openAdapters, type Adapters } from "../../src/server/adapters.ts";
import { consume } from "../../src/flow/stream/consume.ts";
import { ingest } from "../../src/flow/request/ingest.ts";
import { loadClean, sweep } from "../../src/flow/request/load.ts";
import type { CheckpointSession, Lease } from "../../src/flow/ports.ts";

/**
 * Takes bodies in, loads and consumes, and kills itself at the n-th pass of a named point:
 *   node --import tsx test/e2e/victim.ts DATA BODY POINT N
 * Ends by itself, with exit code 0, when nothing is left to do.
 */
const [data = "", file = "", point = "", nth = "1"] = process.argv.slice(2);

let passes = 0;
function pass(name: string): void {
  if (name === point && ++passes === Number(nth)) process.kill(process.pid, "SIGKILL");
}

/** The world with a point before and after each write. */
function withPoints(world: Adapters): Adapters {
  const { objects, sink, checkpoints } = world;
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
  const watched = (lease: Lease | null): Lease | null =>
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
    return { ...session, lease: async (shard) => watched(await session.lease(shard)) };
  };
  return { ...world, objects: { ...objects, put }, sink: { ...sink, apply }, checkpoints: { open } };
}

const world = withPoints(await openAdapters({ env: process.env, data }));
process.stdout.write("ready\n");

const body = readFileSync(file);
const request = { body, media_type: "application/json", source: undefined, format: "ndjson" as const };
const received_at = Math.floor(Date.now() / 1000);
await ingest({ ...request, idempotency_key: undefined, received_at }, inflate(body), world);

const stop = new AbortController();
const loading = world.queue.consume(async (key) => void (await loadClean(key, world)), { signal: stop.signal });
await consume({ ...world, source: "opensky", lake: "parquet" }, { signal: stop.signal, untilEmpty: true });
// everything counts as settled: what an earlier kill left is taken up now
await sweep(world, {
  known: new Set(),
  onPoison: (_, error) => {
    throw error;
  },
  now_s: Date.now() / 1000 + 60,
});
while ((await world.queue.depth()).waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
stop.abort();
await loading;
await world.close();
