import { consume } from "../src/flow/consume.ts";
import { producer } from "../src/flow/produce.ts";
import { query } from "../src/local/transaction.ts";
import { asObjects, openskyBodies, statesOf } from "./input.ts";
import { percentile, type Row } from "./measure.ts";
import { newPlace, postgresCpu_s } from "./place.ts";

/** FLIGHTLINE_BENCH_ROWS=5000000 is the long run of the memory aim. */
const ROWS = Number(process.env["FLIGHTLINE_BENCH_ROWS"] ?? 500_000);
const PROBES = 60;
const RSS_LIMIT_MB = 500;

/** Flow 2 end to end in one process: put, read, clean, PostgreSQL, Parquet lake, checkpoint. */
export async function streaming(): Promise<{ from: string; rows: Row[] }> {
  const { bodies, from } = await openskyBodies(1);
  const states = statesOf(bodies[0] ?? Buffer.from("{}"));
  const { world, close } = await newPlace();
  const stop = new AbortController();
  let stored = 0;
  const consuming = consume(
    { ...world, source: "opensky", lake: "parquet" },
    { signal: stop.signal, onBatch: ({ received }) => (stored += received) },
  );
  const to = producer(world.stream, { signal: stop.signal, groups: 16 });
  let rss = 0;
  const watching = setInterval(() => (rss = Math.max(rss, process.memoryUsage.rss())), 100);
  const before = { wall: performance.now(), node: process.cpuUsage(), postgres: postgresCpu_s() };
  let put = 0;
  for (let round = 0; put < ROWS; round++) {
    const shifted = states.map((state) =>
      state.map((value, at) => ((at === 3 || at === 4) && value !== null ? Number(value) - 1_000_000 + round : value)),
    );
    await to.add(asObjects(Buffer.from(JSON.stringify({ states: shifted }))), "application/x-ndjson");
    put += shifted.length;
    while (put - stored > 300_000) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await to.flush();
  while (stored < to.rows_put) await new Promise((resolve) => setTimeout(resolve, 5));
  const wall_s = (performance.now() - before.wall) / 1000;
  const { user, system } = process.cpuUsage(before.node);
  const cpu_s = { node: (user + system) / 1e6, postgres: postgresCpu_s() - before.postgres };
  clearInterval(watching);
  const latencies = await probe(world.pool, async (icao24) => {
    await to.add(Buffer.from(JSON.stringify([{ icao24, last_contact: 1_700_000_000 }])), "application/json");
    await to.flush();
  });
  stop.abort();
  await consuming;
  await close();
  const rss_mb = rss / 2 ** 20;
  const million = (s: number) => ((s / put) * 1e6).toFixed(1);
  return {
    from: `${from}, ${put} rows`,
    rows: [
      {
        question: `Flow 2 end to end, ${put} rows`,
        ours: `${Math.round(put / wall_s)} states/s; CPU s per million: Node ${million(cpu_s.node)} (producer and the bench's own JSON included), PostgreSQL ${million(cpu_s.postgres)}`,
        peer: "",
        ratio: null,
        aim: "",
        met: null,
      },
      {
        question: "put to queryable, idle",
        ours: `p50 ${percentile(latencies, 0.5).toFixed(0)} ms, p99 ${percentile(latencies, 0.99).toFixed(0)} ms`,
        peer: "",
        ratio: null,
        aim: "",
        met: null,
      },
      {
        question: `memory over ${put} rows`,
        ours: `RSS at most ${rss_mb.toFixed(0)} MB`,
        peer: "",
        ratio: null,
        aim: `${RSS_LIMIT_MB} MB over 5 million`,
        met: rss_mb < RSS_LIMIT_MB,
      },
    ],
  };
}

async function probe(pool: Parameters<typeof query>[0], put: (icao24: string) => Promise<void>): Promise<number[]> {
  const latencies: number[] = [];
  for (let i = 0; i < PROBES; i++) {
    const icao24 = `b${i.toString(16).padStart(5, "0")}`;
    const begun = performance.now();
    await put(icao24);
    while ((await query(pool, "select 1 from aircraft where icao24 = $1", [icao24])).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 2));
    latencies.push(performance.now() - begun);
  }
  return latencies;
}
