import { createReadStream, existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { OutgoingRecord, Stream, StreamRecord } from "../../../src/flow/ports.ts";
import { producer } from "../../../src/flow/stream/produce.ts";
import { recorded } from "../../../src/source/recorded.ts";
import { pick, sequence } from "../../../src/source/simulation/random.ts";
import { adversarialLines } from "./adversarial-lines.ts";
import { dirtyChunk, dirtyLine } from "./dirty-lines.ts";
import { edgeChunks } from "./edge-chunks.ts";
import { writeExpected } from "./expected.ts";

/**
 * Writes the input of the parity tests: stream records, and the outcomes of the TypeScript engine for them.
 *   npx tsx test/harness/spark/dirty-rows.ts OUT ROWS SEED
 * OUT/random contains random dirty rows, adversarial lines, and records near the size limit. OUT/few is a smaller set of
 * random rows. OUT/<kind> contains recorded files, where FLIGHTLINE_TEST_RECORDED names a folder of them.
 */
const [out = "", rows = "20000", seed = "1"] = process.argv.slice(2);

/** Partition keys whose order differs between UTF-8 bytes and UTF-16 units. */
const KEYS = ["0", "1", "15", "\uff5e", "\u{1f6e9}", "ä", "z"];
/** Sequence numbers whose order differs between text and integer. `at` is in [0, 1). */
const sequenceNumber = (at: number): string =>
  at < 0.5 ? String(Math.floor(at * 20)) : `4966${Math.floor(at * 1e15)}${"0".repeat(Math.floor(at * 40))}`;

function randomRecords(count: number): StreamRecord[] {
  const next = sequence(Number(seed), `dirty rows ${count}`);
  const names = new Set<string>();
  const records: StreamRecord[] = [];
  const add = (data: Uint8Array) => {
    const name = { partition_key: pick(KEYS, next()), sequence_number: sequenceNumber(next()) };
    const id = JSON.stringify(name);
    if (names.has(id)) return add(data);
    names.add(id);
    records.push({ ...name, data, arrived_at: 1_750_000_100 });
  };
  add(Buffer.concat(adversarialLines().flatMap((line) => [line, Buffer.from("\n")])));
  add(Buffer.alloc(0));
  // one row twice: the first in numeric order is the second in text order
  for (const sequence_number of ["9000", "10000"])
    records.push({
      partition_key: "0",
      sequence_number,
      data: Buffer.from(`{"icao24":"3c6445","last_contact":1750000000,"callsign":"N${sequence_number}"}`),
      arrived_at: 1_750_000_100,
    });
  for (let left = count; left > 0;) {
    const count = Math.min(left, 1 + Math.floor(400 * next()));
    left -= count;
    add(
      dirtyChunk(
        Array.from({ length: count }, () => dirtyLine(next)),
        next,
      ),
    );
  }
  return records;
}

const edgeRecords = (): StreamRecord[] =>
  edgeChunks().map((data, i) => ({
    partition_key: "edge",
    sequence_number: String(i),
    data,
    arrived_at: 1_750_000_100,
  }));

/** A stream that appends the records to an array. */
function capturingStream(captured: OutgoingRecord[]): Stream {
  const shards = async () => [];
  const read = async () => ({ records: [], ended: false });
  return {
    name: "captured",
    async put(records) {
      captured.push(...records);
      return records.map((_, i) => ({ sequence_number: String(captured.length + i) }));
    },
    shards,
    read,
    arrival: async () => {},
  };
}

/** A recorded file as the producer puts it on a stream. */
async function recordedRecords(file: string): Promise<StreamRecord[]> {
  const captured: OutgoingRecord[] = [];
  const { signal } = new AbortController();
  const to = producer(capturingStream(captured), { signal, groups: 16 });
  await recorded({ files: [{ name: file, open: () => createReadStream(file) }], speed: Infinity }).play(to, signal);
  await to.flush();
  return captured.map(({ partition_key, data }, i) => ({
    partition_key,
    data,
    sequence_number: String(i + 1),
    arrived_at: 1_800_000_000,
  }));
}

/** Enough rows to show a changed rule as a difference. */
const FEW = 2_500;

const random = [...randomRecords(Number(rows)), ...edgeRecords()];
console.log(`random: ${writeExpected(path.join(out, "random"), random)} rows, seed ${seed}`);
writeExpected(path.join(out, "few"), randomRecords(FEW));
const folder = process.env["FLIGHTLINE_TEST_RECORDED"] ?? path.resolve("../shared/data");
if (existsSync(folder))
  for (const kind of ["opensky", "readsb", "series"]) {
    const all: StreamRecord[] = [];
    for (const name of readdirSync(path.join(folder, kind)).sort())
      for (const record of await recordedRecords(path.join(folder, kind, name)))
        all.push({ ...record, sequence_number: String(all.length + 1) });
    console.log(`${kind}: ${writeExpected(path.join(out, kind), all)} rows`);
  }
else console.log(`no recorded files in ${folder}; set FLIGHTLINE_TEST_RECORDED to their folder`);
