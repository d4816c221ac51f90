import { writeFileSync } from "node:fs";
import type { OutgoingRecord, Stream } from "../../../src/flow/ports.ts";
import { producer } from "../../../src/flow/stream/produce.ts";
import { simulator } from "../../../src/source/simulation/simulator.ts";

// Records the loads with which the tests of shard scaling run, and writes them to loads.json:
// `npx tsx test/harness/aws/record-loads.ts`. For each minute of a load, rows of simulated aircraft pass through the real
// producer, and the bytes and records that it puts are recorded.

const AIRCRAFT = 4_000;
/**
 * Rows that represent the load of one full shard in a minute. A full shard takes far more, so the counts are multiplied by a
 * factor, which loads.json states.
 */
const ROWS_A_SHARD = 500;
const SHARD_BYTES_A_MINUTE = 60 * 1024 * 1024;

const KB = 1_000;

const flat = (minutes: number, load: number): number[] => Array<number>(minutes).fill(load);
const ramp = (minutes: number, from: number, to: number): number[] =>
  Array.from({ length: minutes }, (_, i) => from + ((to - from) * i) / minutes);
const repeat = (times: number, load: readonly number[]): number[] => Array.from({ length: times }, () => load).flat();

/** Loads by name: for each minute, the number of shards that the load fills. */
const shapes: Record<string, number[]> = {
  rise: [...flat(30, 0.3), ...ramp(120, 0.3, 6), ...flat(60, 6)],
  burst: [...flat(60, 0.4), ...flat(10, 5), ...flat(360, 0.4)],
  fall: [...flat(40, 7), ...ramp(60, 7, 0.5), ...flat(720, 0.5)],
  flapping: repeat(36, [...flat(10, 2.2), ...flat(10, 0.2)]),
  "flapping every 50 minutes": repeat(16, [...flat(5, 2.2), ...flat(45, 0.2)]),
  "flapping every 3 hours": repeat(10, [...flat(20, 2.2), ...flat(160, 0.2)]),
  "flapping every 9 hours": repeat(8, [...flat(20, 2.2), ...flat(520, 0.2)]),
};

/** Rows of the simulator, as JSON, without end. */
async function* rows(): AsyncGenerator<string> {
  const { polls } = simulator({ seed: 7, aircraft: AIRCRAFT, interval_s: 0 });
  for await (const { body } of polls(new AbortController().signal))
    for (const row of (JSON.parse(Buffer.from(body).toString()) as { states: unknown[] }).states)
      yield JSON.stringify(row);
}

/** The bytes and records that the producer puts for `count` rows of `source`. */
async function measure(source: AsyncGenerator<string>, count: number): Promise<{ bytes: number; records: number }> {
  const outgoing: OutgoingRecord[] = [];
  const stream = {
    name: "counted",
    put: async (records: readonly OutgoingRecord[]) => {
      outgoing.push(...records);
      return records.map((_, i) => ({ sequence_number: String(i) }));
    },
  } as unknown as Stream;
  const producing = producer(stream, { signal: new AbortController().signal, groups: 16, source: "simulated" });
  const batch: string[] = [];
  while (batch.length < count) batch.push(String((await source.next()).value));
  if (count > 0) await producing.add(Buffer.from(`[${batch.join(",")}]`), "application/json");
  await producing.flush();
  return { bytes: outgoing.reduce((sum, { data }) => sum + data.length, 0), records: outgoing.length };
}

const source = rows();
const sample = await measure(source, ROWS_A_SHARD * 20);
const factor = (SHARD_BYTES_A_MINUTE * 20) / sample.bytes;
const loads: Record<string, number[][]> = {};
for (const [name, shape] of Object.entries(shapes)) {
  const recorded: number[][] = [];
  for (const load of shape) {
    const { bytes, records } = await measure(source, Math.round(load * ROWS_A_SHARD));
    recorded.push([Math.round((bytes * factor) / KB), Math.round(records * factor)]);
  }
  loads[name] = recorded;
}
const about = `kB and records that the producer puts in each minute, recorded, times ${Math.round(factor)}`;
writeFileSync(new URL("loads.json", import.meta.url), `${JSON.stringify({ about, loads })}\n`);
