import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The text of a file of the repository. */
export interface TextFile {
  path: string;
  text: string;
}

/** All files that git tracks, and new ones that it does not ignore. Deleted files are left out. */
const tracked = (): string[] => {
  const list = (...args: string[]) => execFileSync("git", ["ls-files", ...args], { encoding: "utf8" }).split("\n");
  const deleted = new Set(list("--deleted"));
  return [...list(), ...list("--others", "--exclude-standard")].filter((path) => path !== "" && !deleted.has(path));
};

/** The files whose path matches, with their text. */
export const textFiles = (pattern: RegExp): TextFile[] =>
  [...new Set(tracked())]
    .filter((path) => pattern.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
