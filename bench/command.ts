import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { asObjects, openskyBodies } from "./input.ts";
import { median, type Row } from "./measure.ts";

const ROUNDS = 5;
const LARGE_ROWS = 1_000_000;

/** `flightline clean` as a whole process, with start-up and warm-up. */
export async function command(): Promise<{ from: string; rows: Row[] }> {
  if (!existsSync("dist/cli/main.js")) throw new Error("dist/cli/main.js is missing: run `npm run build` first");
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

function rowOf(input: string, files: readonly string[], folder: string): Row {
  const walls = Array.from({ length: ROUNDS }, () => {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [
      "dist/cli/main.js",
      "clean",
      ...files,
      "--out",
      path.join(folder, "out"),
      "--json",
    ]);
    if (status !== 0) throw new Error(stderr.toString());
    return performance.now() - started;
  });
  return {
    question: `flightline clean, ${input}`,
    ours: `${median(walls).toFixed(0)} ms wall, the whole process`,
    peer: "",
    ratio: null,
    aim: "",
    met: null,
  };
}
