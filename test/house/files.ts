import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The text of a file of the repository. */
export interface TextFile {
  path: string;
  text: string;
}

/** The paths of all files that git tracks, and of new ones that it does not ignore. Deleted files are left out. */
export const trackedPaths = (): string[] => {
  const list = (...args: string[]) => execFileSync("git", ["ls-files", ...args], { encoding: "utf8" }).split("\n");
  const deleted = new Set(list("--deleted"));
  const paths = [...list(), ...list("--others", "--exclude-standard")];
  return [...new Set(paths)].filter((path) => path !== "" && !deleted.has(path));
};

/** The files whose path matches, with their text. */
export const textFiles = (pattern: RegExp): TextFile[] =>
  trackedPaths()
    .filter((path) => pattern.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
