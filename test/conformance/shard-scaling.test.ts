import { afterAll, beforeAll, expect, test } from "vitest";
import { readHistory, writeHistory } from "../../src/aws/scaled-kinesis.ts";
import { scaleOnce, type MinuteOfStream, type ShardChange } from "../../src/aws/shard-scaling.ts";
import { startKinesalite, type Kinesalite } from "../aws/kinesalite.ts";
import { countShards, setShards } from "../aws/reshard.ts";

let kinesis: Kinesalite;
beforeAll(async () => void (kinesis = await startKinesalite()));
afterAll(() => kinesis.close());

const SHARD = 60 * 1024 * 1024;
/** Load of each minute, in full shards. */
const flat = (minutes: number, load: number): number[] => Array<number>(minutes).fill(load);
const ramp = (minutes: number, from: number, to: number): number[] =>
  Array.from({ length: minutes }, (_, i) => from + ((to - from) * i) / minutes);

const series = {
  rise: { load: [...flat(30, 0.3), ...ramp(120, 0.3, 6), ...flat(60, 6)], end: 12 },
  burst: { load: [...flat(60, 0.4), ...flat(10, 5), ...flat(240, 0.4)], end: 1 },
  fall: { load: [...flat(40, 7), ...ramp(60, 7, 0.5), ...flat(300, 0.5)], end: 1 },
  flapping: { load: Array.from({ length: 720 }, (_, i) => (i % 20 < 10 ? 2.2 : 0.2)), end: 4 },
};
const BOUNDS = { shards: 1, maxShards: 16 };
const MINUTES = 5;

/** Plays a series against the stream, the scaler looking every five minutes; the changes that it made. */
async function play(name: string, load: readonly number[]): Promise<ShardChange[]> {
  let history: readonly ShardChange[] = [];
  const minutes: MinuteOfStream[] = [];
  const changes: ShardChange[] = [];
  for (const [minute, of] of load.entries()) {
    const open = await countShards(kinesis, name);
    const taken = Math.min(of, open);
    minutes.push({ at: minute * 60, bytes: taken * SHARD, records: 100, throttled: of > open ? 10 : 0 });
    if (minute % MINUTES !== 0) continue;
    const change = await scaleOnce(
      {
        minutes: async () => minutes.slice(-35),
        shards: async () => open,
        history: async () => history,
        async change(to, written) {
          history = readHistory(writeHistory(written));
          await setShards(kinesis, name, to);
        },
      },
      { now_s: minute * 60 + 60, bounds: BOUNDS },
    );
    if (change !== null) changes.push(change);
  }
  return changes;
}

test.each(Object.entries(series))(
  "a load that is %s ends with the right number of shards",
  async (name, { load, end }) => {
    await kinesis.createStream(name, 1);
    const changes = await play(name, load);
    console.log(`${name}: ${changes.map(({ at, from, to }) => `minute ${at / 60 - 1}: ${from} -> ${to}`).join(", ")}`);
    expect(await countShards(kinesis, name)).toBe(end);
    for (const { from, to } of changes) {
      expect(to).toBeLessThanOrEqual(2 * from);
      expect(to).toBeGreaterThanOrEqual(Math.ceil(from / 2));
    }
    const days = changes.map(({ at }) => changes.filter((other) => other.at > at - 86_400 && other.at <= at).length);
    expect(Math.max(0, ...days)).toBeLessThanOrEqual(10);
    // no flapping: what shrinks does so only after half an hour without any change
    for (const [i, { at, from, to }] of changes.entries())
      if (to < from && i > 0) expect(at - (changes[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(30 * 60);
  },
);

test("the changes of a day fit the tag that they stand in", () => {
  const history = Array.from({ length: 10 }, (_, i) => ({ at: 1_800_000_000 + i, from: 100, to: 200 }));
  expect(writeHistory(history).length).toBeLessThanOrEqual(256);
  expect(readHistory(writeHistory(history))).toEqual(history);
  expect(readHistory("something else")).toEqual([]);
});
