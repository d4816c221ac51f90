import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { openskyOrder } from "../src/flight/contract.ts";
import { simulator } from "../src/source/simulation/simulator.ts";

/** Recorded flights. Without this folder the questions use simulated rows, dirt included. */
const recordings = process.env["FLIGHTLINE_TEST_RECORDED"] ?? path.resolve("../shared/data");

export interface Input {
  from: string;
  /** OpenSky responses, not changed. */
  bodies: Buffer[];
  rows: number;
}

type States = (string | number | boolean | null)[][];
export const statesOf = (body: Uint8Array): States =>
  (JSON.parse(Buffer.from(body).toString()) as { states: States }).states;

/** Bodies that have at least `rows` rows together. */
export async function openskyBodies(rows: number): Promise<Input> {
  const recorded = path.join(recordings, "opensky");
  const responses: Buffer[] = existsSync(recorded)
    ? readdirSync(recorded)
        .filter((name) => name.includes("2025"))
        .map((name) => gunzipSync(readFileSync(path.join(recorded, name))))
    : await simulated();
  const bodies: Buffer[] = [];
  let count = 0;
  for (let i = 0; count < rows; i++) {
    const body = responses[i % responses.length] ?? Buffer.from("[]");
    bodies.push(body);
    count += statesOf(body).length;
  }
  return {
    from: existsSync(recorded) ? "recorded OpenSky response" : "simulated OpenSky response",
    bodies,
    rows: count,
  };
}

async function simulated(): Promise<Buffer[]> {
  const stop = new AbortController();
  for await (const { body } of simulator({ seed: 1, aircraft: 10_000, interval_s: 0 }).polls(stop.signal))
    return [Buffer.from(body)];
  return [];
}

/** The rows of a body as NDJSON of objects, with the record's names. */
export function asObjects(body: Uint8Array, change: (row: Record<string, unknown>) => void = () => {}): Buffer {
  const lines = statesOf(body).map((state) => {
    const row = Object.fromEntries(
      openskyOrder.flatMap((name, i) => (name === null ? [] : [[name, state[i] ?? null]])),
    );
    change(row);
    return JSON.stringify(row);
  });
  return Buffer.from(`${lines.join("\n")}\n`);
}

/** Bodies of the first 1,000 rows. Each body has its own times, so that no row is a duplicate. */
export function thousands(body: Uint8Array, count: number, shape: "arrays" | "objects"): Buffer[] {
  const states = statesOf(body).slice(0, 1_000);
  const bodyOf = {
    arrays: (rows: States) => Buffer.from(JSON.stringify({ time: 0, states: rows })),
    objects: (rows: States) => asObjects(Buffer.from(JSON.stringify({ states: rows }))),
  };
  return Array.from({ length: count }, (_, i) =>
    bodyOf[shape](
      states.map((state) =>
        state.map((value, at) =>
          at === 4 ? Number(value) - 100_000 + i : at === 3 && value !== null ? Number(value) - 100_000 + i : value,
        ),
      ),
    ),
  );
}
