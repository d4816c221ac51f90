import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import type { Actor } from "./run-as.ts";
import type { Binaries } from "./binaries.ts";

/** Makes the cluster aside and renames it: of two processes that race one wins, and the other deletes its own. */
export function ensureCluster(at: { data: string; cluster: string; actor: Actor }, { initdb }: Binaries): void {
  if (existsSync(path.join(at.cluster, "PG_VERSION"))) return;
  const aside = path.join(at.data, `pg.new-${process.pid}`);
  mkdirSync(aside, { mode: 0o700 });
  chmodSync(aside, 0o700);
  at.actor.own(aside);
  const [program = initdb, ...args] = at.actor.command([
    ...[initdb, "-D", aside, "-U", "postgres", "-E", "UTF8", "--locale=C", "-N"],
    ...["--auth-local=trust", "--auth-host=scram-sha-256"],
  ]);
  try {
    execFileSync(program, args, { ...at.actor.ids, cwd: aside, stdio: ["ignore", "ignore", "pipe"] });
  } catch (cause) {
    rmSync(aside, { recursive: true, force: true });
    throw new Error(`initdb failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  try {
    renameSync(aside, at.cluster);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** The process id in the cluster's pid file; null when there is none or it is not this cluster's server. */
export function serverPid(cluster: string): number | null {
  const file = path.join(cluster, "postmaster.pid");
  if (!existsSync(file)) return null;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  return commandOf(pid).includes(cluster) ? pid : null;
}

/** A pid file that was left behind may name a living process that is no server of ours, and would keep ours from starting. */
export function removeStalePid(cluster: string): void {
  if (serverPid(cluster) === null) rmSync(path.join(cluster, "postmaster.pid"), { force: true });
}

/** A process's command line; empty when there is no such process. */
function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}
