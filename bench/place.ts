import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import type pg from "pg";
import { openAdapters, type Adapters } from "../src/server/adapters.ts";

/** An empty data folder with an embedded PostgreSQL of its own; `close` removes both. */
export async function newPlace(): Promise<{ world: Adapters; close(): Promise<void> }> {
  const data = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  const world = await openAdapters({ env: {}, data }, { owns: true });
  return {
    world,
    async close() {
      await world.close();
      rmSync(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The pool of a place's PostgreSQL. */
export function poolOf({ postgres }: Adapters): pg.Pool {
  if (postgres === undefined) throw new Error("a place has PostgreSQL");
  return postgres.pool;
}

/** CPU seconds of every process of PostgreSQL that lives now, ended backends of the postmaster included. Linux only. */
export const postgresCpu_s = (): number =>
  execFileSync("sh", ["-c", "pgrep postgres || true"], { encoding: "utf8" })
    .trim()
    .split("\n")
    .reduce((sum, pid) => sum + cpuOf_s(pid), 0);

/** CPU seconds of the processes of PostgreSQL below a process, ended backends of the postmaster included. Linux only. */
export function postgresBelow_s(pid: string): number {
  const children = execFileSync("sh", ["-c", `pgrep -P ${pid} || true`], { encoding: "utf8" })
    .trim()
    .split("\n");
  return children
    .filter((child) => child !== "")
    .reduce((sum, child) => {
      const own = statOf(child)?.includes("(postgres)") === true ? cpuOf_s(child) : 0;
      return sum + own + postgresBelow_s(child);
    }, 0);
}

/** CPU seconds of a process and of its children that were waited for. */
export function cpuOf_s(pid: string): number {
  const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const fields = statOf(pid)?.split(") ")[1]?.split(" ") ?? [];
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) / ticks;
}

function statOf(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
}
