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

/** The line, from 1, of an index in a text. */
export const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;

/** A document with its code blocks blanked: they show commands and output, whose words and paths may be any. */
export const withoutBlocks = (text: string): string =>
  text.replaceAll(/^```[\s\S]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, " "));
