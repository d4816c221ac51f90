import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { asObjects, openskyBodies } from "./input.ts";
import { median, type Row } from "./measure.ts";

const ROUNDS = 5;
const LARGE_ROWS = 1_000_000;

/** `flightline clean` as a whole process, start-up and warm-up included. */
export async function command(): Promise<{ from: string; rows: Row[] }> {
  if (!existsSync("dist/cli/main.js")) throw new Error("not built: run npm run build");
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  const { bodies, from } = await openskyBodies(LARGE_ROWS);
  const small = path.join(folder, "small.json");
  const large = path.join(folder, "large.ndjson");
  writeFileSync(small, bodies[0] ?? "");
  writeFileSync(
    large,
    Buffer.concat(
      bodies.map((body, i) => asObjects(body, (row) => (row["last_contact"] = Number(row["last_contact"]) - i))),
    ),
  );
  const rows = [rowOf("one OpenSky response", [small], folder), rowOf(`${LARGE_ROWS} objects`, [large], folder)];
  rmSync(folder, { recursive: true });
  return { from, rows };
}

function rowOf(what: string, files: readonly string[], folder: string): Row {
  const runs = Array.from({ length: ROUNDS }, () => {
    const before = process.resourceUsage();
    const begun = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [
      "dist/cli/main.js",
      "clean",
      ...files,
      "--out",
      path.join(folder, "out"),
      "--json",
    ]);
    if (status !== 0) throw new Error(stderr.toString());
    return { wall: performance.now() - begun, before };
  });
  const wall = median(runs.map((run) => run.wall));
  return {
    question: `flightline clean, ${what}`,
    ours: `${wall.toFixed(0)} ms wall, the whole process`,
    peer: "",
    ratio: null,
    aim: "",
    met: null,
  };
}
