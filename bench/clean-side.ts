import { clean } from "../src/flight/clean.ts";
import { readBody } from "../src/format/body.ts";
import { batchRows, newDecoded } from "../src/format/decoded.ts";
import { asObjects, openskyBodies } from "./input.ts";
import { leanClean, naturalClean, objectOf } from "./zod-peer.ts";

/** One side of the question `clean` in its own process. Prints wall and CPU milliseconds per pass, as JSON. */
const WARMUPS = 25;
const PASSES = 25;
const [shape = "arrays", side = "flightline"] = process.argv.slice(2);

const { bodies } = await openskyBodies(1);
const isArrays = shape === "arrays";
const body = isArrays ? (bodies[0] ?? Buffer.alloc(0)) : asObjects(bodies[0] ?? Buffer.alloc(0));
const origin = { source: undefined, received_at: 2_000_000_000, delivery: 0 };

const lines = (): unknown[] =>
  body
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
const parse = (): unknown => (isArrays ? (JSON.parse(body.toString()) as unknown) : lines());
const objects = (): Iterable<unknown> =>
  isArrays ? (JSON.parse(body.toString()) as { states: unknown[][] }).states.map(objectOf) : lines();

const sides: Record<string, () => unknown> = {
  flightline() {
    const decoded = newDecoded(16_384);
    readBody(
      body,
      isArrays ? "application/json" : "application/x-ndjson",
      batchRows(() => decoded, origin),
    );
    clean(decoded.batch);
    return decoded.batch.rows;
  },
  "JSON.parse alone": parse,
  "JSON.parse + lean zod": () => leanClean(objects()),
  "JSON.parse + natural zod": () => naturalClean(objects()),
};

const run = sides[side];
if (run === undefined) throw new Error(`unknown side ${side}: use one of ${Object.keys(sides).join(", ")}`);
for (let i = 0; i < WARMUPS; i++) run();
const cpu = process.cpuUsage();
const started = performance.now();
for (let i = 0; i < PASSES; i++) run();
const wall_ms = (performance.now() - started) / PASSES;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ wall_ms, cpu_ms: (user + system) / 1_000 / PASSES }));
