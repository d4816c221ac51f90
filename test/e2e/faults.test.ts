import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { compact, readLakeFile } from "../../src/flow/lake/compact.ts";
import { producer } from "../../src/flow/stream/produce.ts";
import { gunzip } from "../../src/format/gzip.ts";
import type { Adapters } from "../../src/server/adapters.ts";
import { simulatedBodies } from "../harness/bodies.ts";
import { newInstallation, temporaryFolder, type TestInstallation } from "../harness/product.ts";
import { folderOf, adaptersOf } from "./api-under-test.ts";

const KILLS = Number(process.env["FLIGHTLINE_TEST_FAULTS"] ?? 10);
const MAX_LIFE_MS = 250;
const points = ["raw", "receipt", "rejected", "clean", "lake", "apply", "checkpoint"].flatMap((at) => [
  `before ${at}`,
  `after ${at}`,
]);

/** A generator of pseudo-random numbers in [0, 1), determined by the seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return state / 2 ** 32;
  };
}

interface Round {
  installation: TestInstallation;
  file: string;
  /** A named point and the number of its pass, or the time after which this test kills the process. Null: no kill. */
  kill: { point: string; nth: number } | { after_ms: number } | null;
}

/** Runs the process of a round. Resolves to true if it was killed, and to false if it ended. */
async function runRound({ installation, file, kill }: Round): Promise<boolean> {
  const named = kill !== null && "point" in kill ? [kill.point, String(kill.nth)] : [];
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "test/e2e/killed-process.ts", installation.data, file, ...named],
    {
      env: { ...process.env, ...installation.env },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  if (kill !== null && "after_ms" in kill)
    child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), kill.after_ms));
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  if (signal === null && code !== 0) throw new Error(`the process ended with ${code}`);
  return signal === "SIGKILL";
}

/** Decodes every object, which fails for a partial one. Returns the identities of the rows in the lake. */
async function readObjects({ objects }: Adapters): Promise<Set<string>> {
  const identities = new Set<string>();
  for await (const { key } of objects.list("")) {
    const body = (await objects.get(key)) ?? Buffer.alloc(0);
    if (key.endsWith(".gz")) gunzip(body, 2 ** 30);
    else if (key.endsWith(".json")) JSON.parse(Buffer.from(body).toString());
    else if (key.startsWith("lake/")) {
      const { batch } = await readLakeFile(objects, key);
      const { source, icao24, last_contact, time_position } = batch.columns;
      for (let i = 0; i < batch.rows; i++)
        identities.add([source[i], icao24[i], last_contact[i], time_position[i]].join(" "));
    }
  }
  return identities;
}

test(
  `${KILLS} kills at random points of consume and load lose nothing and store nothing twice`,
  { timeout: 300_000 + KILLS * 60_000 },
  async () => {
    const seed = Number(process.env["FLIGHTLINE_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`seed ${seed}. To repeat: FLIGHTLINE_TEST_SEED=${seed} FLIGHTLINE_TEST_FAULTS=${KILLS}`);
    const next = random(seed);
    const installation = await newInstallation();
    const adapters = await adaptersOf(installation);
    const files = await temporaryFolder();
    const bodies = await simulatedBodies(400, { seed: seed % 1_000, aircraft: 60 });
    const killsAt: Record<string, number> = {};
    for (let kills = 0, round = 0; kills < KILLS; round++) {
      const file = path.join(files, `${round}.json`);
      writeFileSync(file, bodies[(2 * round) % 400] ?? "");
      const to = producer(adapters.stream, { signal: new AbortController().signal, groups: 8, source: "streamed" });
      await to.add(bodies[(2 * round + 1) % 400] ?? Buffer.alloc(0), "application/json");
      await to.flush();
      const point = points[Math.floor(next() * points.length)] ?? "";
      const isTimed = next() < 0.5;
      const kill = isTimed ? { after_ms: next() * MAX_LIFE_MS } : { point, nth: 1 + Math.floor(next() * 2) };
      if (await runRound({ installation, file, kill })) {
        kills++;
        const name = isTimed ? "any time" : point;
        killsAt[name] = (killsAt[name] ?? 0) + 1;
      }
      const reports = await adapters.counter.count();
      expect([seed, round, reports.map(({ balanced }) => balanced)]).toEqual([seed, round, [true, true]]);
      await readObjects(adapters);
    }
    console.log(`killed ${JSON.stringify(killsAt)}`);
    await runRound({ installation, file: path.join(files, "0.json"), kill: null });
    const [request, stream] = await adapters.counter.count();
    expect([request?.pending, stream?.pending, request?.balanced, stream?.balanced]).toEqual([0, 0, true, true]);
    await compact(adapters.objects, { format: "parquet", now_s: Date.now() / 1000 });
    expect((await readObjects(adapters)).size).toBe(stream?.accepted);
    expect(unfinished(folderOf(installation))).toBeLessThanOrEqual(KILLS * 4);
  },
);

/** The number of unfinished writes that kills left behind. A list of keys does not show them. */
const unfinished = (folder: string): number =>
  readdirSync(folder, { recursive: true }).filter((name) => path.basename(String(name)).startsWith(".new-")).length;
