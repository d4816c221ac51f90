import { expect, test } from "vitest";
import { newBatch } from "../../flight/batch.ts";
import { clean } from "../../flight/clean.ts";
import { flagNames } from "../../flight/contract.ts";
import { addRow } from "../../flight/fill.ts";
import type { Source } from "../source.ts";
import { makeObserver } from "./observer.ts";
import { receiver, simulator, type SimulatorOptions } from "./simulator.ts";
import { makeWorld } from "./world.ts";

type Row = [
  ...[icao24: string, callsign: string, country: string, time_position: number | null, last_contact: number | null],
  ...[longitude: number | null, latitude: number | null, baro_altitude: number | null, on_ground: boolean],
  ...[velocity: number, true_track: number, vertical_rate: number | null, sensors: null, geo_altitude: number | null],
  ...[squawk: string | null, spi: boolean, position_source: number, category: number],
];
interface StatesBody {
  time: number;
  states: Row[];
}
interface ReceivedAircraft {
  hex: string;
  flight?: string;
  alt_baro?: number | "ground";
  gs: number;
  seen: number;
}

async function readPolls(source: Source, polls: number): Promise<string[]> {
  const bodies: string[] = [];
  for await (const { body } of source.polls(new AbortController().signal)) {
    bodies.push(Buffer.from(body).toString());
    if (bodies.length === polls) break;
  }
  return bodies;
}
const bodiesOf = async (options: SimulatorOptions, polls: number) =>
  (await readPolls(simulator({ ...options, interval_s: 0 }), polls)).map((body): StatesBody => JSON.parse(body));

/** 50,000 rows of 5,000 aircraft, so that a few aircraft cannot change a share. */
const world = await bodiesOf({ seed: 7, aircraft: 5_000 }, 10);
const rows = world.flatMap(({ time, states }) => states.map((row) => ({ time, row })));
const percentOf = (matches: (row: Row, time: number) => boolean) =>
  (100 * rows.filter(({ row, time }) => matches(row, time)).length) / rows.length;

test("gives the same bytes for the same seed and different bytes for another seed", async () => {
  const [first, same, other] = await Promise.all(
    [1, 1, 2].map((seed) => readPolls(simulator({ seed, interval_s: 0 }), 5)),
  );
  expect(same).toEqual(first);
  expect(other).not.toEqual(first);
  const local = await Promise.all([1, 1].map((seed) => readPolls(receiver({ seed, interval_s: 0 }), 5)));
  expect(local[1]).toEqual(local[0]);
});

test("continues after a restart as if it had not stopped", async () => {
  const [, , third] = await bodiesOf({ seed: 3, aircraft: 50, start: 1_750_000_000 }, 3);
  const [restarted] = await bodiesOf({ seed: 3, aircraft: 50, start: 1_750_000_020 }, 1);
  expect(restarted).toEqual(third);
});

test("reports every aircraft once in each response, with a unique address", () => {
  expect(world.map(({ states }) => states.length)).toEqual(Array(10).fill(5_000));
  expect(rows.every(({ row }) => row.length === 18)).toBe(true);
  const valid = (world[0]?.states ?? [])
    .map(([icao24]) => icao24)
    .filter((icao24) => /^[0-9a-f]{6}$/.test(icao24) && !/^(0+|f+)$/.test(icao24));
  expect(new Set(valid).size).toBe(valid.length);
  expect(valid.length).toBeGreaterThan(4_980);
});

test.each<[string, [min: number, max: number], (row: Row, time: number) => boolean]>([
  ["a contact older than 15 s", [14, 17], ([, , , , contact], time) => contact !== null && time - contact > 15],
  ["a contact older than 60 s", [10, 12], ([, , , , contact], time) => contact !== null && time - contact > 60],
  ["no position", [0.8, 1.8], (row) => row[5] === null && row[6] === null && row[3] === null],
  ["no barometric altitude", [7, 10], (row) => row[7] === null],
  ["no vertical rate", [7, 9], (row) => row[11] === null],
  ["no geometric altitude", [7, 10], (row) => row[13] === null],
  ["no squawk", [30, 64], (row) => row[14] === null],
  ["null sensors", [100, 100], (row) => row[12] === null],
  ["a callsign padded to 8 characters", [100, 100], (row) => row[1].length === 8],
  ["a blank callsign", [1.5, 2.5], (row) => row[1].trim() === ""],
  ["an aircraft on the ground", [4, 9], (row) => row[8]],
  ["a negative track from FLARM", [0.01, 1], (row) => row[10] < 0 && row[16] === 3],
  ["an impossible speed", [0.001, 0.02], (row) => row[9] > 1_029],
])("gives rows with %s at the measured rate", (_, [min, max], matches) => {
  expect(percentOf(matches)).toBeGreaterThanOrEqual(min);
  expect(percentOf(matches)).toBeLessThanOrEqual(max);
});

test("repeats about one row in twenty unchanged, and serves a few rows older than before", () => {
  const pairs = world
    .slice(1)
    .flatMap(({ states }, poll) => states.map((row, i) => [row, world[poll]?.states[i]] as const));
  const repeated =
    pairs.filter(([row, before]) => JSON.stringify(row) === JSON.stringify(before)).length / pairs.length;
  expect(repeated).toBeGreaterThan(0.045);
  expect(repeated).toBeLessThan(0.06);
  const older = pairs.filter(([row, before]) => Number(row[4]) < Number(before?.[4])).length / pairs.length;
  expect(older).toBeGreaterThan(0.0005);
  expect(older).toBeLessThan(0.01);
});

test("gives about one row in 2,000 that the cleaner rejects, and each kind of flag", () => {
  const batch = newBatch(rows.length);
  for (const [index, { time, row }] of rows.entries()) {
    addRow(batch, row, { source: "simulated", received_at: time, delivery: 0 }, index + 1);
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

test("has emergencies at the measured rate, about 4 in 187,000", () => {
  const fleetWorld = makeWorld({ seed: 7, aircraft: 2_000 });
  const observer = makeObserver(fleetWorld, { name: "simulated", sendsTimes: true });
  let emergencies = 0;
  for (let day = 0; day < 100; day++) {
    const tick = { poll: day, time: 1_750_000_000 + day * 86_400, step_s: 10 };
    for (const index of fleetWorld.fleet.keys())
      if (/^7[567]00$/.test(observer.observe(index, tick).squawk ?? "")) emergencies++;
  }
  expect(emergencies).toBeGreaterThan(0);
  expect(emergencies).toBeLessThan(20);
});

test("moves aircraft as far as their speed requires, at plausible speeds and altitudes", () => {
  const flying = rows.map(({ row }) => row).filter((row) => !row[8] && row[9] < 1_029 && Number(row[13]) < 30_000);
  expect(flying.every((row) => row[9] >= 20 && row[9] <= 300)).toBe(true);
  expect(flying.every((row) => Number(row[7]) <= 13_500 || row[7] === 17_907)).toBe(true);
  const moves = world[9]?.states.flatMap((row, i) => moveOf(world[0]?.states[i], row)) ?? [];
  const plausible = moves.filter(({ meters, seconds, velocity }) => Math.abs(meters / seconds - velocity) < 25);
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
      meters: Math.hypot(north, east) * 111_195,
      seconds: time - Number(before[3]),
      velocity: (row[9] + before[9]) / 2,
    },
  ];
}

test("reports more than 30 aircraft of the same world at a receiver, in feet and knots", async () => {
  const [network] = await bodiesOf({ seed: 11 }, 1);
  const [body] = await readPolls(receiver({ seed: 11, interval_s: 0 }), 1);
  const { now, aircraft }: { now: number; aircraft: ReceivedAircraft[] } = JSON.parse(body ?? "");
  expect(now).toBe(network?.time);
  const known = new Map(network?.states.map((row) => [row[0], row]));
  const both = aircraft.flatMap((local) => {
    const row = known.get(local.hex);
    return row === undefined ? [] : [{ local, row }];
  });
  expect(both.length).toBeGreaterThan(30);
  const cruising = both.filter(({ row }) => row[11] === 0 && row[7] !== null && !row[8]);
  expect(cruising.length).toBeGreaterThan(10);
  const agree = cruising.filter(
    ({ local, row }) =>
      Math.abs(Number(local.alt_baro) * 0.3048 - Number(row[7])) < 50 && Math.abs(local.gs * 0.514444 - row[9]) < 5,
  );
  expect(agree.length / cruising.length).toBeGreaterThan(0.7);
});

test("omits the keys of unknown values at a receiver", async () => {
  const bodies = await readPolls(receiver({ seed: 11, interval_s: 0 }), 60);
  const received = bodies.flatMap((body): ReceivedAircraft[] => JSON.parse(body).aircraft);
  expect(received.flatMap(Object.values)).not.toContain(null);
  for (const key of ["lat", "squawk", "flight", "baro_rate", "alt_geom"]) {
    expect(received.some((aircraft) => key in aircraft)).toBe(true);
    expect(received.every((aircraft) => key in aircraft)).toBe(false);
  }
  expect(received.some((aircraft) => "lastPosition" in aircraft)).toBe(true);
  expect(received.some((aircraft) => aircraft.alt_baro === "ground")).toBe(true);
  expect(received.every((aircraft) => aircraft.seen >= 0 && aircraft.seen <= 300)).toBe(true);
});

test("polls at multiples of its interval and skips the polls that a slow consumer missed", async () => {
  let time = 1_750_000_003;
  const sleep = async (ms: number) => void (time += ms / 1_000);
  const source = simulator({ seed: 1, aircraft: 2, interval_s: 5, now: () => time, sleep });
  expect(source.status()).toMatchObject({ state: "waiting", last_data: null, simulated: true });
  const times: number[] = [];
  for await (const { body } of source.polls(new AbortController().signal)) {
    times.push((JSON.parse(Buffer.from(body).toString()) as StatesBody).time);
    if (times.length === 2) time += 12;
    if (times.length === 4) break;
    expect(source.status()).toMatchObject({ state: "live", last_data: times.at(-1) });
  }
  expect(times).toEqual([1_750_000_000, 1_750_000_005, 1_750_000_015, 1_750_000_020]);
  expect(source.status()).toMatchObject({ state: "ended", message: "simulated, 2 aircraft, seed 1" });
});

test("ends at once when it is stopped during a wait", async () => {
  const end = new AbortController();
  for await (const poll of simulator({ seed: 1, interval_s: 3_600 }).polls(end.signal)) {
    expect(poll).toMatchObject({ source: "simulated", media_type: "application/json" });
    setTimeout(() => end.abort(), 50);
  }
  expect(end.signal.aborted).toBe(true);
});

test("refuses an unknown airport, an empty fleet and a negative interval", () => {
  expect(() => receiver({ seed: 1, airport: "XXXX" })).toThrow("airport: XXXX");
  expect(() => simulator({ seed: 1, aircraft: 0 })).toThrow("aircraft: 0 is not a whole number above 0");
  expect(() => simulator({ seed: 1, interval_s: -1 })).toThrow("interval_s: -1");
});
