import { readFileSync } from "node:fs";
import { parseCommand, type Io } from "../../src/cli/command.ts";
import { consume as consumeCommand } from "../../src/cli/consume.ts";
import { openWorld, type World } from "../../src/server/adapters.ts";
import { consume } from "../../src/flow/stream/consume.ts";
import { inflate, ingest } from "../../src/flow/request/ingest.ts";
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
function withPoints(world: World): World {
  const { objects, database, checkpoints } = world;
  const kindOf = (key: string): string => (key.endsWith(".json") ? "door" : (key.split("/")[0] ?? ""));
  const put: typeof objects.put = async (key, body) => {
    pass(`before ${kindOf(key)}`);
    const answer = await objects.put(key, body);
    pass(`after ${kindOf(key)}`);
    return answer;
  };
  const apply: typeof database.apply = async (application) => {
    pass("before apply");
    const applied = await database.apply(application);
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
  return { ...world, objects: { ...objects, put }, database: { ...database, apply }, checkpoints: { open } };
}

const given = parseCommand(consumeCommand, ["--data", data]);
const world = withPoints(await openWorld(given, { env: process.env } as unknown as Io));
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
