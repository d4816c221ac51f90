import { writeFileSync } from "node:fs";
import { producer } from "../../../src/flow/stream/produce.ts";
import type { OutgoingRecord, Stream } from "../../../src/flow/ports.ts";
import { simulator } from "../../../src/source/simulation/simulator.ts";

/**
 * Records what the producer puts on a stream, minute by minute, while a simulated network sees more and fewer aircraft:
 * `npx tsx test/harness/aws/record-loads.ts` writes loads.json beside this file. One pass through the producer stands for a minute.
 */
const AIRCRAFT = 4_000;
/** Rows that stand for a shard that is full; the factor that makes them one is recorded too. */
const ROWS_A_SHARD = 500;
const SHARD_BYTES_A_MINUTE = 60 * 1024 * 1024;

const KB = 1_000;

const flat = (minutes: number, load: number): number[] => Array<number>(minutes).fill(load);
const ramp = (minutes: number, from: number, to: number): number[] =>
  Array.from({ length: minutes }, (_, i) => from + ((to - from) * i) / minutes);
const often = (times: number, one: readonly number[]): number[] => Array.from({ length: times }, () => one).flat();

/** Loads in full shards, a number a minute. */
const shapes: Record<string, number[]> = {
  rise: [...flat(30, 0.3), ...ramp(120, 0.3, 6), ...flat(60, 6)],
  burst: [...flat(60, 0.4), ...flat(10, 5), ...flat(360, 0.4)],
  fall: [...flat(40, 7), ...ramp(60, 7, 0.5), ...flat(720, 0.5)],
  flapping: often(36, [...flat(10, 2.2), ...flat(10, 0.2)]),
  "flapping every 50 minutes": often(16, [...flat(5, 2.2), ...flat(45, 0.2)]),
  "flapping every 3 hours": often(10, [...flat(20, 2.2), ...flat(160, 0.2)]),
  "flapping every 9 hours": often(8, [...flat(20, 2.2), ...flat(520, 0.2)]),
};

/** Rows of one network, poll after poll, without end. */
async function* rows(): AsyncGenerator<string> {
  const { polls } = simulator({ seed: 7, aircraft: AIRCRAFT, interval_s: 0 });
  for await (const { body } of polls(new AbortController().signal))
    for (const row of (JSON.parse(Buffer.from(body).toString()) as { states: unknown[] }).states)
      yield JSON.stringify(row);
}

/** What one pass puts. */
async function pass(from: AsyncGenerator<string>, count: number): Promise<{ bytes: number; records: number }> {
  const put: OutgoingRecord[] = [];
  const stream = {
    name: "counted",
    put: async (records: readonly OutgoingRecord[]) => {
      put.push(...records);
      return records.map((_, i) => ({ sequence_number: String(i) }));
    },
  } as unknown as Stream;
  const to = producer(stream, { signal: new AbortController().signal, groups: 16, source: "simulated" });
  const taken: string[] = [];
  while (taken.length < count) taken.push(String((await from.next()).value));
  if (count > 0) await to.add(Buffer.from(`[${taken.join(",")}]`), "application/json");
  await to.flush();
  return { bytes: put.reduce((sum, { data }) => sum + data.length, 0), records: put.length };
}

const from = rows();
const whole = await pass(from, ROWS_A_SHARD * 20);
const factor = (SHARD_BYTES_A_MINUTE * 20) / whole.bytes;
const loads: Record<string, number[][]> = {};
for (const [name, shape] of Object.entries(shapes)) {
  const recorded: number[][] = [];
  for (const load of shape) {
    const { bytes, records } = await pass(from, Math.round(load * ROWS_A_SHARD));
    recorded.push([Math.round((bytes * factor) / KB), Math.round(records * factor)]);
  }
  loads[name] = recorded;
}
const about = `kB and records that the producer puts in each minute, recorded, times ${Math.round(factor)}`;
writeFileSync(new URL("loads.json", import.meta.url), `${JSON.stringify({ about, loads })}\n`);
