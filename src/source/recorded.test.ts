import { expect, test } from "vitest";
import { UndecodableError } from "../format/errors.ts";
import { recorded, type RecordedFile } from "./recorded.ts";

const START_S = 1_750_000_000;
const fileOf = (name: string, ...pieces: string[]): RecordedFile => ({
  name,
  async *open() {
    for (const piece of pieces) yield Buffer.from(piece);
  },
});
/** One piece with a row. A file needs two rows, because one JSON object is read as a document, which is not paced. */
const rowAt = (contact: number) => `{"icao24":"4b1812","last_contact":${contact}}\n`;

/** Plays the files on a clock that only the pauses move. */
async function play(files: RecordedFile[], speed: number, stopAfter = Infinity) {
  let now = 1_000;
  const rows: number[] = [];
  const waits: number[] = [];
  const end = new AbortController();
  const sleep = async (ms: number) => {
    now += ms;
    if (ms > 0) waits.push(ms);
    if (waits.length >= stopAfter) end.abort();
  };
  const source = recorded({ files, speed, now: () => now, sleep });
  const consumer = { take: () => void rows.push(now), room: async () => {} };
  await source.play(consumer, end.signal);
  return { rows, waits, status: source.status() };
}

test("plays all files in order and paces their rows by last_contact", async () => {
  const first = fileOf("a", rowAt(START_S), rowAt(START_S), rowAt(START_S + 10));
  const second = fileOf("b", rowAt(START_S + 20), rowAt(START_S + 30));
  const { rows, waits, status } = await play([first, second], 2);
  expect(rows).toHaveLength(5);
  expect(waits).toEqual([5_000, 10_000]);
  expect(status).toMatchObject({ name: "2 recorded files", state: "ended", recorded: true, simulated: false });
  expect(status.message).toBe("recorded: all files were played");
});

test("does not pause at unlimited speed", async () => {
  const { rows, waits } = await play([fileOf("a", rowAt(START_S), rowAt(START_S + 3_600))], Infinity);
  expect(rows).toHaveLength(2);
  expect(waits).toEqual([]);
});

test("ends in a pause when its signal aborts, and stays live", async () => {
  const { waits, status } = await play([fileOf("a", ...[0, 10, 20].map((s) => rowAt(START_S + s)))], 1, 1);
  expect(waits).toEqual([10_000]);
  expect(status).toMatchObject({ name: "a", state: "live", message: "recorded: a" });
});

test("throws for a file that cannot be decoded", async () => {
  await expect(play([fileOf("broken", "{")], 1)).rejects.toThrow(UndecodableError);
});
