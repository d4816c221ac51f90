import path from "node:path";
import { expect, test } from "vitest";
import { textFiles, type TextFile } from "./files.ts";

/**
 * The order of the folders, from the inside out. A file may import files of its own folder and of folders before it. This is
 * the order that CONTRIBUTING.md states. The lint rules forbid imports from outer folders, this test owns the whole order.
 */
const ORDER = [
  "src/flight",
  // files at the root of src: settings, time, retries
  "src",
  "src/format",
  "src/flow",
  "src/flow/objects",
  "src/flow/lake",
  "src/flow/request",
  "src/flow/ledger",
  "src/flow/api",
  "src/flow/stream",
  "src/source",
  "src/source/live",
  "src/source/simulation",
  "src/postgres",
  "src/postgres/embedded",
  "src/files",
  "src/aws",
  "src/aws/dynamo",
  "src/aws/kinesis",
  "src/aws/adapters",
  "src/aws/lambda",
  "src/server",
  "src/spark",
  "src/cli",
  "src/web/build",
  "src/web/ui",
  "src/web/state",
  "src/web/map",
  "src/web/panel",
  "src/web",
  "infra",
];

interface Arrow {
  from: string;
  to: string;
  isType: boolean;
}

const IMPORT = /(?:^|\n)(import|export)\s+(type\s+)?([^;]*?)\s*from\s+"(\.[^"]+)"|\bimport\s*\(?"(\.[^"]+)"/g;

/** The relative imports of a file. An import is of types only when each of its names is. */
export function arrowsOf({ path: from, text }: TextFile): Arrow[] {
  return [...text.matchAll(IMPORT)].map(([, , type, names = "", target, dynamic]) => {
    const inner = /^\{([\s\S]*)\}$/.exec(names)?.[1]?.split(",") ?? [names];
    const isType = type !== undefined || inner.every((name) => name.trim() === "" || name.trim().startsWith("type "));
    return { from, to: path.normalize(path.join(path.dirname(from), target ?? dynamic ?? "")), isType };
  });
}

const sources = textFiles(/^(src|infra)\/.*\.tsx?$/).filter(({ path: file }) => !file.endsWith(".test.ts"));
const folderOf = (file: string): string => path.dirname(file);
const arrows = sources.flatMap(arrowsOf);
/** The folders that each folder imports, types included. */
const folderArrows = (): Map<string, Set<string>> => {
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of arrows) {
    const [a, b] = [folderOf(from), folderOf(to)];
    if (a !== b) graph.set(a, (graph.get(a) ?? new Set()).add(b));
  }
  return graph;
};

/** An arrow against the order, as text. Null for an allowed one. */
export function violation({ from, to, isType }: Arrow): string | null {
  const [a, b] = [ORDER.indexOf(folderOf(from)), ORDER.indexOf(folderOf(to))];
  if (a < 0 || b < 0) return to.endsWith(".json") ? null : `${from} -> ${to}: a folder is missing in the order`;
  if (b <= a) return null;
  // the files of an outer folder may state types that its inner folders implement, such as the ports of src/flow
  return isType && folderOf(from).startsWith(`${folderOf(to)}/`) ? null : `${from} -> ${to}`;
}

test("no import points against the order of the folders", () => {
  const graph = folderArrows();
  const lines = ORDER.map((folder) => `${folder.padEnd(24)} -> ${[...(graph.get(folder) ?? [])].sort().join(", ")}`);
  console.log(`Imports between folders, from the inside out:\n${lines.join("\n")}`);
  expect(arrows.flatMap((arrow) => violation(arrow) ?? [])).toEqual([]);
  expect(violation({ from: "src/aws/rds.ts", to: "src/server/wire.ts", isType: false })).not.toBeNull();
});

test("no file imports itself by way of others", () => {
  const graph = new Map<string, string[]>();
  for (const { from, to, isType } of arrows) if (!isType) graph.set(from, [...(graph.get(from) ?? []), to]);
  expect(cycleOf(graph)).toEqual([]);
  expect(cycleOf(new Map(Object.entries({ a: ["b"], b: ["c"], c: ["a"] })))).not.toEqual([]);
});

/** The files of a cycle, in order. Empty when there is none. */
function cycleOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] => {
    const known = trail.indexOf(file);
    if (known >= 0) return trail.slice(known);
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

/** Modules without Node imports whose values the page uses. */
const PAGE_MAY_RUN = new Set([
  "src/server/wire.ts",
  "src/flow/api/box.ts",
  "src/flight/rejection.ts",
  "src/flight/identifiers.ts",
  "src/time.ts",
]);

test("the page imports types, and values only from the wire and from pure helpers", () => {
  const outward = arrows.filter(({ from, to }) => from.startsWith("src/web/") && !to.startsWith("src/web/"));
  const others = outward.filter(({ to, isType }) => !isType && !PAGE_MAY_RUN.has(to));
  expect(others).toEqual([]);
  for (const { path: file, text } of sources)
    if (PAGE_MAY_RUN.has(file)) expect([file, /from "node:/.test(text)]).toEqual([file, false]);
});

test("src/aws imports nothing from src/server", () => {
  const found = arrows.filter(({ from, to }) => from.startsWith("src/aws/") && to.startsWith("src/server/"));
  expect(found).toEqual([]);
  expect(arrows.some(({ from }) => from.startsWith("src/aws/"))).toBe(true);
});
