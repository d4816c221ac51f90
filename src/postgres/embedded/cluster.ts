import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import type { Binaries } from "./binaries.ts";
import type { ServerUser } from "./run-as.ts";

/** Creates the cluster under a temporary name and renames it. If two processes race, one rename fails and its cluster is deleted. */
export function ensureCluster(at: { data: string; cluster: string; user: ServerUser }, { initdb }: Binaries): void {
  if (existsSync(path.join(at.cluster, "PG_VERSION"))) return;
  const temporary = path.join(at.data, `pg.new-${process.pid}`);
  mkdirSync(temporary, { mode: 0o700 });
  chmodSync(temporary, 0o700);
  at.user.own(temporary);
  const [program = initdb, ...args] = at.user.command([
    ...[initdb, "-D", temporary, "-U", "postgres", "-E", "UTF8", "--locale=C", "-N"],
    ...["--auth-local=trust", "--auth-host=scram-sha-256"],
  ]);
  try {
    execFileSync(program, args, { ...at.user.ids, cwd: temporary, stdio: ["ignore", "ignore", "pipe"] });
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    throw new Error(`initdb failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  try {
    renameSync(temporary, at.cluster);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** The process id in the cluster's pid file. Null if the file does not exist or the process is not this cluster's server. */
export function serverPid(cluster: string): number | null {
  const file = path.join(cluster, "postmaster.pid");
  if (!existsSync(file)) return null;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  return commandOf(pid).includes(cluster) ? pid : null;
}

/** Removes a stale pid file. It may name an unrelated process, and PostgreSQL would then refuse to start. */
export function removeStalePid(cluster: string): void {
  if (serverPid(cluster) === null) rmSync(path.join(cluster, "postmaster.pid"), { force: true });
}

/** The command line of a process. Empty if the process does not exist. */
function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}
