import path from "node:path";
import { expect, test } from "vitest";
import { lineAt, textFiles, trackedPaths, withoutBlocks, type TextFile } from "./files.ts";

/** Folders whose files documents name in backticks. Paths below other folders, such as dist/ or lake/, are not of the checkout. */
const FOLDERS = ["src", "docs", "test", "sql", "glue", "infra", "cases", "bench", "samples", ".ci", ".github"];

/** What a document refers to, and the line on which it does. */
interface Reference {
  from: string;
  line: number;
  /** Relative to the root of the repository. `*` and `<name>` stand for any part of a name. */
  target: string;
  /** The heading that a link names. */
  anchor?: string;
}

/** Relative links, images included, and links to headings of the same file. */
function linksOf({ path: from, text }: TextFile): Reference[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^()\s]+)\)/g)].flatMap((match) => {
    const [, link = ""] = match;
    if (/^[a-z]+:/.test(link)) return [];
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? from : path.join(path.dirname(from), file);
    return [{ from, line: lineAt(text, match.index), target, ...(anchor === undefined ? {} : { anchor }) }];
  });
}

const PATH = new RegExp(
  "`((?:" + FOLDERS.map((name) => name.replace(".", "\\.")).join("|") + ")/[\\w./*<>=@-]*)`",
  "g",
);

/** Paths of the repository in backticks. */
const pathsOf = ({ path: from, text }: TextFile): Reference[] =>
  [...withoutBlocks(text).matchAll(PATH)].map((match) => ({
    from,
    line: lineAt(text, match.index),
    target: match[1] ?? "",
  }));

const escaped = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");

/** Whether a file or folder of the repository has this path. */
function exists(target: string, paths: readonly string[]): boolean {
  const parts = target.replace(/\/$/, "").split(/\*+|<[^>]*>/);
  const pattern = new RegExp(`^${parts.map(escaped).join("[^/]*")}(?:/|$)`);
  return paths.some((file) => pattern.test(file));
}

/** The anchors of a document's headings, as GitHub makes them. */
const anchorsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** The references of a document to files or headings that do not exist. */
function brokenReferences(document: TextFile, all: readonly TextFile[], paths: readonly string[]): string[] {
  return [...linksOf(document), ...pathsOf(document)].flatMap(({ from, line, target, anchor }) => {
    if (target !== document.path && !exists(target, paths)) return [`${from}:${line}: ${target} does not exist`];
    const text = [document, ...all].find(({ path: file }) => file === target)?.text;
    if (anchor === undefined || text === undefined || anchorsOf(text).includes(anchor)) return [];
    return [`${from}:${line}: ${target} has no heading #${anchor}`];
  });
}

const documents = textFiles(/\.md$/);
const repository = trackedPaths();

test("every relative link and every path in backticks leads to a file, a folder or a heading", () => {
  expect(documents.length).toBeGreaterThan(10);
  expect(documents.flatMap((document) => brokenReferences(document, documents, repository))).toEqual([]);
});

test.each([
  ["a link", "See [the tour](docs/missing.md)."],
  ["a link to a heading", "See [the tour](docs/tour.md#no-such-heading)."],
  ["a link to a heading of the same file", "See [below](#no-such-heading)."],
  ["an image", "![The page](docs/missing.jpg)"],
  ["a path", "The rules are in `src/flight/missing.ts`."],
  ["a pattern", "The rules are in `src/flight/missing-*.ts`."],
  ["a folder", "The rules are in `src/missing/`."],
])("%s that leads nowhere is found", (_kind, text) => {
  expect(brokenReferences({ path: "SEEDED.md", text }, documents, repository)).toHaveLength(1);
});

test("links elsewhere, commands and objects' keys pass", () => {
  const text = [
    "# A heading: `code`",
    "[the web](https://example.com/src/missing.ts), [here](#a-heading-code), [tests](test/house/), `test/*/files.ts`",
    "`cases/<name>/case.json`, `lake/mixed/`, `npx vitest run src/missing.ts`",
    "```",
    "cat src/missing.ts",
    "```",
  ].join("\n");
  expect(brokenReferences({ path: "SEEDED.md", text }, documents, repository)).toEqual([]);
});
