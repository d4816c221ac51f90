import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fields, systemFields } from "../flight/contract.ts";
import { IDENTITY_ORDER } from "../flight/identity.ts";
import { NEWEST_ORDER } from "../flight/newest.ts";
import { CHANNELS } from "./channels.ts";
import { LOCKS } from "./locks.ts";

const folderAt = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The folder of migrations and statements: next to src/ and dist/, or inside a bundle. */
export const sqlFolder = existsSync(folderAt("sql/")) ? folderAt("sql/") : folderAt("../../sql/");

const columns = [...fields, ...systemFields].map(({ name }) => name);

/** One key of `NEWEST_ORDER` in SQL. Null is the least value, and text compares by bytes. */
const orderKey = (table: string, name: (typeof NEWEST_ORDER)[number]): string => {
  const column = table === "" ? name : `${table}.${name}`;
  if (name === "source") return `${column} collate "C"`;
  return name === "time_position" ? `coalesce(${column}, -1)` : column;
};

/** The keys that order the rows of an aircraft. The row with the greatest keys is the newest. */
const newestKeys = (table = ""): string[] => NEWEST_ORDER.map((name) => orderKey(table, name));

/** The `order by` list that puts the newest row of an aircraft first. */
export const newestFirst = newestKeys()
  .map((key) => `${key} desc`)
  .join(", ");

/** The text that replaces `{{name}}` in a statement. */
const fragments: Readonly<Record<string, string>> = {
  columns: columns.join(", "),
  updates: columns
    .filter((name) => name !== "icao24")
    .map((name) => `${name} = excluded.${name}`)
    .join(",\n  "),
  is_newer: `(${newestKeys("excluded").join(", ")})\n  > (${newestKeys("aircraft").join(", ")})`,
  newest_first: newestFirst,
  identity_order: IDENTITY_ORDER.join(", "),
  applied_channel: CHANNELS.applied,
  partition_lock: String(LOCKS.partition),
};

const statements = new Map<string, string>();

/** The text of sql/statements/<name>.sql with its fragments. Each file is read once. */
export function statement(name: string): string {
  let text = statements.get(name);
  if (text === undefined) {
    text = readFileSync(`${sqlFolder}statements/${name}.sql`, "utf8").replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => {
      const fragment = fragments[key];
      if (fragment === undefined) throw new Error(`sql/statements/${name}.sql uses an unknown fragment ${key}`);
      return fragment;
    });
    statements.set(name, text);
  }
  return text;
}
