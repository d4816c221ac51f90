import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folderAt = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The folder of migrations and statements: beside src/ as beside dist/, in a bundle beside its one file. */
export const sqlFolder = existsSync(folderAt("sql/")) ? folderAt("sql/") : folderAt("../../sql/");

const statements = new Map<string, string>();

/** The text of sql/statements/<name>.sql, read once. */
export function statement(name: string): string {
  let text = statements.get(name);
  if (text === undefined) {
    text = readFileSync(`${sqlFolder}statements/${name}.sql`, "utf8");
    statements.set(name, text);
  }
  return text;
}
