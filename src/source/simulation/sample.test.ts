import { expect, test } from "vitest";
import { simulator } from "./simulator.ts";

/** Seed 190: three responses of 100 aircraft then contain a rejected row for each of two reasons, flags and repeats. */
const OPTIONS = { seed: 190, aircraft: 100, interval_s: 0 };
const RESPONSES = 3;

/** `npx vitest run src/source/simulation/sample.test.ts -u` writes the file. */
test("samples/simulated-states.ndjson contains the simulator's responses, one a line", async () => {
  const lines: string[] = [];
  for await (const { body } of simulator(OPTIONS).polls(new AbortController().signal)) {
    lines.push(`${Buffer.from(body).toString()}\n`);
    if (lines.length === RESPONSES) break;
  }
  await expect(lines.join("")).toMatchFileSnapshot("../../../samples/simulated-states.ndjson");
});
