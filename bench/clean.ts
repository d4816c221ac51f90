import { clean } from "../src/flight/clean.ts";
import { readBody } from "../src/format/body.ts";
import { batchRows, newDecoded } from "../src/format/decoded.ts";
import { asObjects, openskyBodies } from "./input.ts";
import { measure, rowsOf, type Row } from "./measure.ts";
import { leanClean, naturalClean, objectOf } from "./zod-peer.ts";

const origin = { source: undefined, received_at: 2_000_000_000, delivery: 0 };

function ours(body: Uint8Array, media_type: string): number {
  const decoded = newDecoded(16_384);
  readBody(
    body,
    media_type,
    batchRows(() => decoded, origin),
  );
  clean(decoded.batch);
  return decoded.batch.rows;
}

const AIMS = { "JSON.parse alone": 0.7, "JSON.parse + lean zod": 2 };

/** Bytes to clean batch, parsing included. */
export async function cleaning(): Promise<{ from: string; rows: Row[] }> {
  const { bodies, from } = await openskyBodies(1);
  const body = bodies[0] ?? Buffer.alloc(0);
  const lines = asObjects(body);
  const states = () => (JSON.parse(body.toString()) as { states: unknown[][] }).states.map(objectOf);
  const objects = () =>
    lines
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  const arrays = await measure(
    [
      { name: "flightline", run: () => ours(body, "application/json") },
      { name: "JSON.parse alone", run: () => JSON.parse(body.toString()) as unknown },
      { name: "JSON.parse + lean zod", run: () => leanClean(states()) },
      { name: "JSON.parse + natural zod", run: () => naturalClean(states()) },
    ],
    { rounds: 15, warmups: 10 },
  );
  const named = await measure(
    [
      { name: "flightline", run: () => ours(lines, "application/x-ndjson") },
      { name: "JSON.parse alone", run: objects },
      { name: "JSON.parse + lean zod", run: () => leanClean(objects()) },
      { name: "JSON.parse + natural zod", run: () => naturalClean(objects()) },
    ],
    { rounds: 15, warmups: 10 },
  );
  return { from, rows: [...rowsOf("clean, OpenSky arrays", arrays, AIMS), ...rowsOf("clean, objects", named, AIMS)] };
}
