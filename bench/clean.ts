import { execFileSync } from "node:child_process";
import { openskyBodies } from "./input.ts";
import { median, rowsOf, type Measured, type Row } from "./measure.ts";

const ROUNDS = 5;
const SIDES = ["flightline", "JSON.parse alone", "JSON.parse + lean zod", "JSON.parse + natural zod"];
const AIMS = { "JSON.parse alone": 0.7, "JSON.parse + lean zod": 2 };

/**
 * Bytes to a clean batch, with parsing. The sides take turns, and each runs in its own process. In a shared process, the
 * garbage and the type feedback of one side slow the next one down.
 */
export async function cleaning(): Promise<{ from: string; rows: Row[] }> {
  const { from } = await openskyBodies(1);
  return {
    from,
    rows: [
      ...rowsOf("clean, OpenSky arrays", measureSides("arrays"), AIMS),
      ...rowsOf("clean, objects", measureSides("objects"), AIMS),
    ],
  };
}

function measureSides(shape: string): Measured[] {
  const times = SIDES.map(() => [] as Omit<Measured, "name">[]);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, side] of SIDES.entries()) {
      const answer = execFileSync(process.execPath, ["--import", "tsx", "bench/clean-side.ts", shape, side], {
        encoding: "utf8",
      });
      times[i]?.push(JSON.parse(answer) as Omit<Measured, "name">);
    }
  return SIDES.map((name, i) => ({
    name,
    wall_ms: median((times[i] ?? []).map(({ wall_ms }) => wall_ms)),
    cpu_ms: median((times[i] ?? []).map(({ cpu_ms }) => cpu_ms)),
  }));
}
