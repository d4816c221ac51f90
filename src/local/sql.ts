import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of migrations and statements, beside src/ as beside dist/. */
export const sqlFolder = fileURLToPath(new URL("../../sql/", import.meta.url));

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
