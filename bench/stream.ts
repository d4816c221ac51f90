import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { producer } from "../src/flow/stream/produce.ts";
import { query } from "../src/postgres/transaction.ts";
import { cpuOf_s, postgresCpu_s } from "./cpu-time.ts";
import { asObjects, openskyBodies, statesOf } from "./input.ts";
import { percentile, type Row } from "./measure.ts";
import { openTemporaryAdapters, poolOf } from "./temporary-adapters.ts";

/** FLIGHTLINE_BENCH_ROWS=5000000 is the long run that checks the aim for memory. */
const ROWS = Number(process.env["FLIGHTLINE_BENCH_ROWS"] ?? 500_000);
const PROBES = 60;
/** Rows on the stream that are not stored yet, so that the producer does not run away from the consumer. */
const MAX_AHEAD = 300_000;
const RSS_LIMIT_MB = 500;

/** Flow 2 end to end: this process produces, and a process of `flightline consume` reads, cleans and stores. */
export async function streaming(): Promise<{ from: string; rows: Row[] }> {
  const { bodies, from } = await openskyBodies(1);
  const states = statesOf(bodies[0] ?? Buffer.from("{}"));
  const { adapters, close } = await openTemporaryAdapters();
  const consumer = spawn(process.execPath, ["dist/cli/main.js", "consume", "--data", adapters.data], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const pid = String(consumer.pid);
  const to = producer(adapters.stream, { signal: new AbortController().signal, groups: 16 });
  const before = { wall: performance.now(), postgres: postgresCpu_s() };
  const stored = async () =>
    (await query<{ n: number }>(poolOf(adapters), "select coalesce(sum(received), 0)::int as n from batches"))[0]?.n ??
    0;
  for (let round = 0; to.rows_put < ROWS; round++) {
    const shifted = states.map((state) =>
      state.map((value, at) => ((at === 3 || at === 4) && value !== null ? Number(value) - 1_000_000 + round : value)),
    );
    await to.add(asObjects(Buffer.from(JSON.stringify({ states: shifted }))), "application/x-ndjson");
    await to.flush();
    while (to.rows_put - (await stored()) > MAX_AHEAD) await pause(50);
  }
  while ((await stored()) < to.rows_put) await pause(20);
  const wall_s = (performance.now() - before.wall) / 1000;
  const cpu_s = { consumer: cpuOf_s(pid), postgres: postgresCpu_s() - before.postgres };
  const rss_mb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  const latencies = await probe(poolOf(adapters), async (icao24) => {
    await to.add(Buffer.from(JSON.stringify([{ icao24, last_contact: 1_700_000_000 }])), "application/json");
    await to.flush();
  });
  consumer.kill("SIGINT");
  await once(consumer, "exit");
  const put = to.rows_put - PROBES;
  await close();
  const million = (s: number) => ((s / put) * 1e6).toFixed(1);
  const figure = (question: string, ours: string): Row => ({
    question,
    ours,
    peer: "",
    ratio: null,
    aim: "",
    met: null,
  });
  return {
    from: `${from}, ${put} rows`,
    rows: [
      figure(
        `Flow 2 end to end, ${put} rows`,
        `${Math.round(put / wall_s)} states/s; CPU s per million: consumer ${million(cpu_s.consumer)}, PostgreSQL ${million(cpu_s.postgres)}`,
      ),
      figure(
        "put to queryable, idle",
        `p50 ${percentile(latencies, 0.5).toFixed(0)} ms, p99 ${percentile(latencies, 0.99).toFixed(0)} ms`,
      ),
      {
        ...figure(`memory of the consumer over ${put} rows`, `RSS at most ${rss_mb.toFixed(0)} MB`),
        aim: `${RSS_LIMIT_MB} MB over 5 million`,
        met: rss_mb < RSS_LIMIT_MB,
      },
    ],
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function probe(pool: Parameters<typeof query>[0], put: (icao24: string) => Promise<void>): Promise<number[]> {
  const latencies: number[] = [];
  for (let i = 0; i < PROBES; i++) {
    const icao24 = `b${i.toString(16).padStart(5, "0")}`;
    const started = performance.now();
    await put(icao24);
    while ((await query(pool, "select 1 from aircraft where icao24 = $1", [icao24])).length === 0) await pause(2);
    latencies.push(performance.now() - started);
  }
  return latencies;
}
