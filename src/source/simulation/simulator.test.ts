import { expect, test } from "vitest";
import { newBatch } from "../../flight/batch.ts";
import { clean } from "../../flight/clean.ts";
import { flagNames } from "../../flight/contract.ts";
import { addRow } from "../../flight/fill.ts";
import { makeObserver } from "./observer.ts";
import { receiver, simulator, type SimulatorOptions } from "./simulator.ts";
import type { Source } from "../source.ts";
import { makeWorld } from "./world.ts";

type Row = [
  ...[icao24: string, callsign: string, country: string, time_position: number | null, last_contact: number | null],
  ...[longitude: number | null, latitude: number | null, baro_altitude: number | null, on_ground: boolean],
  ...[velocity: number, true_track: number, vertical_rate: number | null, sensors: null, geo_altitude: number | null],
  ...[squawk: string | null, spi: boolean, position_source: number, category: number],
];
interface Answer {
  time: number;
  states: Row[];
}
interface Heard {
  hex: string;
  flight?: string;
  alt_baro?: number | "ground";
  gs: number;
  seen: number;
}

async function take(source: Source, polls: number): Promise<string[]> {
  const bodies: string[] = [];
  for await (const { body } of source.polls(new AbortController().signal)) {
    bodies.push(Buffer.from(body).toString());
    if (bodies.length === polls) break;
  }
  return bodies;
}
const answers = async (options: SimulatorOptions, polls: number) =>
  (await take(simulator({ ...options, interval_s: 0 }), polls)).map((body): Answer => JSON.parse(body));

/** 50,000 rows: of so many aircraft that no share hangs on a few of them. */
const world = await answers({ seed: 7, aircraft: 5_000 }, 10);
const rows = world.flatMap(({ time, states }) => states.map((row) => ({ time, row })));
const share = (holds: (row: Row, time: number) => boolean) =>
  (100 * rows.filter(({ row, time }) => holds(row, time)).length) / rows.length;

test("gives the same bytes for the same seed and others for another", async () => {
  const [one, same, other] = await Promise.all([1, 1, 2].map((seed) => take(simulator({ seed, interval_s: 0 }), 5)));
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
  const near = await Promise.all([1, 1].map((seed) => take(receiver({ seed, interval_s: 0 }), 5)));
  expect(near[1]).toEqual(near[0]);
});

test("goes on after a restart where it would have been", async () => {
  const [, , third] = await answers({ seed: 3, aircraft: 50, start: 1_750_000_000 }, 3);
  const [restarted] = await answers({ seed: 3, aircraft: 50, start: 1_750_000_020 }, 1);
  expect(restarted).toEqual(third);
});

test("reports every aircraft once in each response, with an address of its own", () => {
  expect(world.map(({ states }) => states.length)).toEqual(Array(10).fill(5_000));
  expect(rows.every(({ row }) => row.length === 18)).toBe(true);
  const valid = (world[0]?.states ?? [])
    .map(([icao24]) => icao24)
    .filter((one) => /^[0-9a-f]{6}$/.test(one) && !/^(0+|f+)$/.test(one));
  expect(new Set(valid).size).toBe(valid.length);
  expect(valid.length).toBeGreaterThan(4_980);
});

test.each<[string, [least: number, most: number], (row: Row, time: number) => boolean]>([
  ["a contact older than 15 s", [14, 17], ([, , , , contact], time) => contact !== null && time - contact > 15],
  ["a contact older than 60 s", [10, 12], ([, , , , contact], time) => contact !== null && time - contact > 60],
  ["no position", [0.8, 1.8], (row) => row[5] === null && row[6] === null && row[3] === null],
  ["no barometric altitude", [7, 10], (row) => row[7] === null],
  ["no vertical rate", [7, 9], (row) => row[11] === null],
  ["no geometric altitude", [7, 10], (row) => row[13] === null],
  ["no squawk", [30, 64], (row) => row[14] === null],
  ["sensors of null", [100, 100], (row) => row[12] === null],
  ["a callsign padded to 8", [100, 100], (row) => row[1].length === 8],
  ["a blank callsign", [1.5, 2.5], (row) => row[1].trim() === ""],
  ["a place on the ground", [4, 9], (row) => row[8]],
  ["a negative track, by FLARM", [0.01, 1], (row) => row[10] < 0 && row[16] === 3],
  ["a speed that no aircraft flies", [0.001, 0.02], (row) => row[9] > 1_029],
])("gives rows with %s at the measured rate", (_, [least, most], holds) => {
  expect(share(holds)).toBeGreaterThanOrEqual(least);
  expect(share(holds)).toBeLessThanOrEqual(most);
});

test("serves about one row in twenty again unchanged, and a few older than before", () => {
  const pairs = world
    .slice(1)
    .flatMap(({ states }, poll) => states.map((row, i) => [row, world[poll]?.states[i]] as const));
  const again = pairs.filter(([row, before]) => JSON.stringify(row) === JSON.stringify(before)).length / pairs.length;
  expect(again).toBeGreaterThan(0.045);
  expect(again).toBeLessThan(0.06);
  const older = pairs.filter(([row, before]) => Number(row[4]) < Number(before?.[4])).length / pairs.length;
  expect(older).toBeGreaterThan(0.0005);
  expect(older).toBeLessThan(0.01);
});

test("gives the cleaner about one row in 2,000 to reject and each kind of flag", () => {
  const batch = newBatch(rows.length);
  for (const [place, { time, row }] of rows.entries()) {
    addRow(batch, row, { source: "simulated", received_at: time, delivery: 0 }, place + 1);
  }
  const rejections = clean(batch);
  expect(rejections.length).toBeGreaterThan(10);
  expect(rejections.length).toBeLessThan(50);
  expect(new Set(rejections.map(({ reason }) => reason))).toEqual(
    new Set(["bad_icao24", "bad_last_contact", "milliseconds"]),
  );
  let mask = 0;
  for (let i = 0; i < batch.rows; i++) mask |= batch.columns.flags[i] ?? 0;
  const seen = flagNames.filter((_, bit) => (mask & (1 << bit)) !== 0);
  expect(seen).toEqual(
    expect.arrayContaining(["altitudes_differ", "bad_baro_altitude", "bad_callsign", "bad_geo_altitude"]),
  );
  expect(seen).toEqual(expect.arrayContaining(["bad_velocity", "bad_vertical_rate", "stale_position"]));
});

test("has an emergency on very few flights, as often as 4 in 187,000", () => {
  const busy = makeWorld({ seed: 7, aircraft: 2_000 });
  const observer = makeObserver(busy, { name: "simulated", times: true });
  let emergencies = 0;
  for (let day = 0; day < 100; day++) {
    const tick = { poll: day, time: 1_750_000_000 + day * 86_400, step_s: 10 };
    for (const index of busy.fleet.keys())
      if (/^7[567]00$/.test(observer.observe(index, tick).squawk ?? "")) emergencies++;
  }
  expect(emergencies).toBeGreaterThan(0);
  expect(emergencies).toBeLessThan(20);
});

test("moves aircraft as far as their speed says, at speeds and heights of aircraft", () => {
  const flying = rows.map(({ row }) => row).filter((row) => !row[8] && row[9] < 1_029 && Number(row[13]) < 30_000);
  expect(flying.every((row) => row[9] >= 20 && row[9] <= 300)).toBe(true);
  expect(flying.every((row) => Number(row[7]) <= 13_500 || row[7] === 17_907)).toBe(true);
  const moves = world[9]?.states.flatMap((row, i) => moveOf(world[0]?.states[i], row)) ?? [];
  const plausible = moves.filter(({ metres, seconds, velocity }) => Math.abs(metres / seconds - velocity) < 25);
  expect(moves.length).toBeGreaterThan(3_000);
  expect(plausible.length / moves.length).toBeGreaterThan(0.98);
});

function moveOf(before: Row | undefined, row: Row) {
  const [time, longitude, latitude] = [Number(row[3]), Number(row[5]), Number(row[6])];
  if (before === undefined || before[5] === null || row[5] === null || time - Number(before[3]) < 30) return [];
  const north = latitude - Number(before[6]);
  const east = (longitude - before[5]) * Math.cos((latitude * Math.PI) / 180);
  return [
    {
      metres: Math.hypot(north, east) * 111_195,
      seconds: time - Number(before[3]),
      velocity: (row[9] + before[9]) / 2,
    },
  ];
}

test("lets a receiver hear more than 30 aircraft of the same world, in feet and knots", async () => {
  const [network] = await answers({ seed: 11 }, 1);
  const [body] = await take(receiver({ seed: 11, interval_s: 0 }), 1);
  const { now, aircraft }: { now: number; aircraft: Heard[] } = JSON.parse(body ?? "");
  expect(now).toBe(network?.time);
  const known = new Map(network?.states.map((row) => [row[0], row]));
  const both = aircraft.flatMap((one) => {
    const row = known.get(one.hex);
    return row === undefined ? [] : [{ one, row }];
  });
  expect(both.length).toBeGreaterThan(30);
  const cruising = both.filter(({ row }) => row[11] === 0 && row[7] !== null && !row[8]);
  expect(cruising.length).toBeGreaterThan(10);
  const agree = cruising.filter(
    ({ one, row }) =>
      Math.abs(Number(one.alt_baro) * 0.3048 - Number(row[7])) < 50 && Math.abs(one.gs * 0.514444 - row[9]) < 5,
  );
  expect(agree.length / cruising.length).toBeGreaterThan(0.7);
});

test("leaves keys of a receiver's aircraft out where nothing is known", async () => {
  const bodies = await take(receiver({ seed: 11, interval_s: 0 }), 60);
  const heard = bodies.flatMap((body): Heard[] => JSON.parse(body).aircraft);
  expect(heard.flatMap(Object.values)).not.toContain(null);
  for (const key of ["lat", "squawk", "flight", "baro_rate", "alt_geom"]) {
    expect(heard.some((one) => key in one)).toBe(true);
    expect(heard.every((one) => key in one)).toBe(false);
  }
  expect(heard.some((one) => "lastPosition" in one)).toBe(true);
  expect(heard.some((one) => one.alt_baro === "ground")).toBe(true);
  expect(heard.every((one) => one.seen >= 0 && one.seen <= 300)).toBe(true);
});

test("polls at multiples of its interval and leaves out what a slow taker missed", async () => {
  let time = 1_750_000_003;
  const sleep = async (ms: number) => void (time += ms / 1_000);
  const source = simulator({ seed: 1, aircraft: 2, interval_s: 5, now: () => time, sleep });
  expect(source.status()).toMatchObject({ state: "waiting", last_data: null, simulated: true });
  const times: number[] = [];
  for await (const { body } of source.polls(new AbortController().signal)) {
    times.push((JSON.parse(Buffer.from(body).toString()) as Answer).time);
    if (times.length === 2) time += 12;
    if (times.length === 4) break;
    expect(source.status()).toMatchObject({ state: "live", last_data: times.at(-1) });
  }
  expect(times).toEqual([1_750_000_000, 1_750_000_005, 1_750_000_015, 1_750_000_020]);
  expect(source.status()).toMatchObject({ state: "ended", message: "simulated, 2 aircraft, seed 1" });
});

test("ends at once when it is stopped while it waits", async () => {
  const end = new AbortController();
  for await (const poll of simulator({ seed: 1, interval_s: 3_600 }).polls(end.signal)) {
    expect(poll).toMatchObject({ source: "simulated", media_type: "application/json" });
    setTimeout(() => end.abort(), 50);
  }
  expect(end.signal.aborted).toBe(true);
});

test("refuses an airport that it does not know and a fleet of none", () => {
  expect(() => receiver({ seed: 1, airport: "XXXX" })).toThrow("airport: XXXX");
  expect(() => simulator({ seed: 1, aircraft: 0 })).toThrow("aircraft: 0 is not a whole number above 0");
  expect(() => simulator({ seed: 1, interval_s: -1 })).toThrow("interval_s: -1");
});
