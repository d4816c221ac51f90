import { readFileSync } from "node:fs";
import {
  AddTagsToStreamCommand,
  LimitExceededException,
  ResourceInUseException,
  UpdateShardCountCommand,
  type KinesisClient,
} from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readHistory, scaledKinesis, writeHistory } from "../../src/aws/kinesis/scaled-stream.ts";
import { decideShards, scaleOnce, type MinuteOfStream, type ShardChange } from "../../src/aws/kinesis/shard-scaling.ts";
import { startKinesalite, type Kinesalite } from "../harness/aws/kinesalite.ts";
import { countShards, setShards } from "../harness/aws/reshard.ts";
import { StreamMetrics } from "../harness/aws/stream-metrics.ts";

let kinesis: Kinesalite;
beforeAll(async () => void (kinesis = await startKinesalite()));
afterAll(() => kinesis.close());

const { loads } = JSON.parse(readFileSync(new URL("../harness/aws/loads.json", import.meta.url), "utf8")) as {
  loads: Record<string, number[][]>;
};
const BOUNDS = { shards: 1, maxShards: 16 };
const INTERVAL_MIN = 5;
const START_S = 1_800_000_000;
const MINUTE_S = 60;
const DAY_S = 86_400;

/** Kinesis refuses tags while it changes the number of shards. */
let isUpdating = false;

/** A client for the scaler. Kinesalite does not support UpdateShardCount, so `update` replaces it. */
const updating = (update: (name: string, count: number) => Promise<void>): KinesisClient =>
  new Proxy(kinesis.client, {
    get: (client, name) =>
      name !== "send"
        ? (Reflect.get(client, name) as unknown)
        : async (command: object) => {
            if (command instanceof AddTagsToStreamCommand && isUpdating)
              throw new ResourceInUseException({ message: "the stream is UPDATING", $metadata: {} });
            if (!(command instanceof UpdateShardCountCommand)) return client.send(command as never);
            const { StreamName = "", TargetShardCount = 0 } = command.input;
            return update(StreamName, TargetShardCount);
          },
  });

/** Changes the shards within the limits of Kinesis: at most double, at least half, ten changes in 24 hours. */
const resharding = (now_s: () => number) => {
  const calls: number[] = [];
  return async (name: string, count: number): Promise<void> => {
    const open = await countShards(kinesis, name);
    const today = calls.filter((at) => at > now_s() - DAY_S).length;
    if (count > 2 * open || count < open / 2 || today >= 10)
      throw new LimitExceededException({ message: `${open} to ${count}, change ${today + 1}`, $metadata: {} });
    calls.push(now_s());
    await setShards(kinesis, name, count);
    isUpdating = true;
  };
};

/** Plays a recorded load against the stream and runs the scaler every five minutes. Returns the changes that it made. */
async function play(name: string, load: readonly number[][]): Promise<ShardChange[]> {
  const metrics = new StreamMetrics();
  let now_s = START_S;
  const scaled = scaledKinesis(
    updating(resharding(() => now_s)),
    metrics.client(() => now_s),
    name,
  );
  const changes: ShardChange[] = [];
  let open = await countShards(kinesis, name);
  for (const [minute, rates] of load.entries()) {
    metrics.add(now_s, rates, open);
    now_s += MINUTE_S;
    if (minute % INTERVAL_MIN !== 0) continue;
    isUpdating = false;
    const change = await scaleOnce(scaled, { now_s, bounds: BOUNDS });
    if (change !== null) changes.push(change);
    open = await countShards(kinesis, name);
  }
  return changes;
}

/** The number of shards at the end, and of reductions that were reversed. */
const expected: [name: string, end: number, undone: number][] = [
  ["rise", 9, 0],
  ["burst", 2, 0],
  ["fall", 2, 0],
  ["flapping", 4, 0],
  ["flapping every 50 minutes", 4, 0],
  // The calm lasts longer than the scaler waits at first. It reduces once by mistake, and waits longer from then on
  ["flapping every 3 hours", 4, 1],
  ["flapping every 9 hours", 4, 3],
];

test.each(expected)(
  "a load of the kind %s ends at %i shards, with %i reversed reductions",
  async (name, end, reversed) => {
    const stream = name.replaceAll(" ", "-");
    await kinesis.createStream(stream, 1);
    const changes = await play(stream, loads[name] ?? []);
    const decisions = changes.map(({ at, from, to }) => `minute ${(at - START_S) / MINUTE_S}: ${from} -> ${to}`);
    console.log(`${name}: ${decisions.join(", ")}`);
    expect(await countShards(kinesis, stream)).toBe(end);
    const days = changes.map(({ at }) => changes.filter((other) => other.at > at - DAY_S && other.at <= at).length);
    expect(Math.max(0, ...days)).toBeLessThanOrEqual(10);
    const reductions = changes.filter(({ from, to }, i) => {
      const next = changes[i + 1];
      return to < from && next !== undefined && next.to > next.from;
    });
    expect(reductions.length).toBe(reversed);
  },
);

const full = (at: number, shards: number, throttled = 0): MinuteOfStream => ({
  at,
  bytes: shards * 60 * 1024 * 1024,
  records: 10,
  throttled,
});
const minutesFrom = (from: number, count: number, make: (at: number) => MinuteOfStream): MinuteOfStream[] =>
  Array.from({ length: count }, (_, i) => make(from + i * MINUTE_S));
const NOW = START_S + DAY_S;
const decide = (input: Partial<Parameters<typeof decideShards>[0]>) =>
  decideShards({ now_s: NOW, minutes: [], shards: 4, bounds: { shards: 1, maxShards: 16 }, history: [], ...input });

test("throttling between two runs counts, although its metrics arrive late", () => {
  expect(decide({ minutes: [full(NOW - 480, 4, 5)] })).toBe(8);
});

test("throttling before the last change does not count", () => {
  const history = [{ at: NOW - 300, from: 2, to: 4 }];
  expect(decide({ minutes: [full(NOW - 480, 2, 5), full(NOW - 240, 2, 5)], history })).toBe(4);
  expect(decide({ minutes: [full(NOW - 60, 4, 5)], history })).toBe(8);
});

test("a hot key on a nearly idle stream does not add shards", () => {
  expect(decide({ minutes: [full(NOW - 60, 0.3, 5)] })).toBe(4);
});

test("minutes without metrics do not count as idle", () => {
  const known = minutesFrom(NOW - 7_200, 120, (at) => full(at, 0.1));
  expect(decide({ minutes: known })).toBe(2);
  expect(decide({ minutes: known.slice(0, 60) })).toBe(4);
  expect(decide({ minutes: [] })).toBe(4);
});

test("two of the ten changes per day are reserved for growth, and the scaler makes no more than ten", () => {
  const history = Array.from({ length: 8 }, (_, i) => ({ at: NOW - 80_000 + i * 8_000, from: 4, to: 4 }));
  expect(decide({ minutes: minutesFrom(NOW - 7_200, 120, (at) => full(at, 0.1)), history })).toBe(4);
  expect(decide({ minutes: [full(NOW - 60, 4)], history })).toBe(8);
  const used = [...history, { at: NOW - 9_000, from: 4, to: 4 }, { at: NOW - 8_000, from: 4, to: 4 }];
  expect(decide({ minutes: [full(NOW - 60, 4)], history: used })).toBe(4);
});

test("a change that Kinesis refuses is not counted, and a stream that is updating is left alone", async () => {
  await kinesis.createStream("busy", 1);
  let answer: Error = new ResourceInUseException({ message: "updating", $metadata: {} });
  const client = updating(() => Promise.reject(answer));
  const metrics = new StreamMetrics();
  metrics.add(NOW - 600, [200_000, 100], 1);
  const scaled = scaledKinesis(
    client,
    metrics.client(() => NOW),
    "busy",
  );
  for (let i = 0; i < 12; i++) expect(await scaleOnce(scaled, { now_s: NOW + i, bounds: BOUNDS })).toBeNull();
  // A limit of the account is an error that an operator must see
  answer = new LimitExceededException({ message: "ten a day", $metadata: {} });
  await expect(scaleOnce(scaled, { now_s: NOW + 12, bounds: BOUNDS })).rejects.toThrow("ten a day");
  // The scaler still tries after many refusals, because they do not use up the changes of the day
  expect((await scaled.history()).length).toBe(1);
});

test("after a change of the bounds, the scaler approaches them in steps", () => {
  expect(decide({ shards: 2, bounds: { shards: 6, maxShards: 16 } })).toBe(4);
  expect(decide({ shards: 4, bounds: { shards: 6, maxShards: 16 } })).toBe(6);
  expect(decide({ shards: 12, bounds: { shards: 1, maxShards: 4 } })).toBe(6);
});

test("the last changes fit into a tag", () => {
  const history = Array.from({ length: 20 }, (_, i) => ({ at: 1_800_000_000 + i, from: 100, to: 200 }));
  expect(writeHistory(history).length).toBeLessThanOrEqual(256);
  expect(readHistory(writeHistory(history))).toEqual(history.slice(-12));
  expect(readHistory("something else")).toEqual([]);
});
