import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** CPU seconds of all running processes named postgres, with the backends that ended. Linux only. */
export const postgresCpu_s = (): number =>
  linesOf("pgrep postgres || true").reduce((sum, pid) => sum + cpuOf_s(pid), 0);

/** CPU seconds of the processes named postgres that descend from `pid`, with the backends that ended. Linux only. */
export function postgresBelow_s(pid: string): number {
  return linesOf(`pgrep -P ${pid} || true`).reduce((sum, child) => {
    const own = statOf(child)?.includes("(postgres)") === true ? cpuOf_s(child) : 0;
    return sum + own + postgresBelow_s(child);
  }, 0);
}

/** CPU seconds of a process and of the ended children that it waited for. 0 for a process that does not run. Linux only. */
export function cpuOf_s(pid: string): number {
  const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  // utime, stime, cutime and cstime of proc_pid_stat(5), counted after the name in parentheses
  const fields = statOf(pid)?.split(") ")[1]?.split(" ") ?? [];
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) / ticks;
}

const linesOf = (command: string): string[] =>
  execFileSync("sh", ["-c", command], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "");

function statOf(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
}
