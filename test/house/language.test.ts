import { expect, test } from "vitest";
import { lineAt, textFiles, withoutBlocks, type TextFile } from "./files.ts";

/**
 * Flightline is written in plain American English: short sentences, active voice, the field's terms. This test finds the
 * words and forms that CONTRIBUTING.md lists under "Words we use". It reads comments, messages, test names and documents.
 */
const WORDS: readonly [pattern: RegExp, instead: string][] = [
  [/\btold\b/i, "reported, sent, passed, given"],
  [/\bsaid\b/i, "reported, stated"],
  [/\bstands?\b(?! for\b)(?! in for\b)(?!ard)(?!-)/i, "is, appears"],
  [/\b(?:lies|lay)\b/i, "is, is stored"],
  [/\bwhoever\b/i, "a process that, a client that"],
  [/\bnobody\b/i, "no reader, no process"],
  [/\banew\b/i, "again, new"],
  [/\bbeside\b/i, "next to, in addition to"],
  [/\bdoors?\b/i, "intake, receipt"],
  [/\bsoil(?:ed)?\b/i, "dirt, dirty input"],
  [/\bpiles?\b/i, "buffer"],
  [/\bkeepers?\b/i, "retention job, maintenance"],
  [/\bpoison(?:ed|s)?\b/i, "broken record, undecodable object"],
  [/\bactors?\b/i, "process, client"],
  [/\b(?:is|are|was|were) no\b(?! longer\b)/i, "is not a"],
  [/\bof ours\b|\bis ours\b/i, "Flightline's, the"],
  [/\bput aside\b|\bputs aside\b/i, "quarantined"],
  [
    /\bcolour|\bgrey\b|\bmetres?\b|\bserialis|\bsynchronis|\bbehaviour|\bauthoris|\brecognis|\boptimis/i,
    "American spelling",
  ],
  [
    /(?:^|[.!?:]\s+|\/\*\*\s*|\/\/\s*|#\s*|^- )(?:what|whatever)\s[^?.]*\b(?:is|are|was|were|goes|comes|stays|gets)\s(?!.*\?)/i,
    "a noun as the subject",
  ],
];

/** Names of exported functions and of their parameters that say nothing. */
const VAGUE = ["of", "one", "given", "found", "told"];

/** A piece of prose: a comment, a string or a paragraph, and where it begins. */
interface Prose {
  path: string;
  line: number;
  text: string;
}

/** How comments and strings are written, by the ending of a file. Each group of a pattern is prose. */
const SYNTAX: readonly [path: RegExp, prose: RegExp][] = [
  // the title of a golden case, which is the name of its test
  [/\/case\.json$/, /"title": "((?:[^"\\\n]|\\.)*)"/g],
  [/\.sql$/, /\/\*([\s\S]*?)\*\/|--(.*(?:\n\s*--.*)*)|'((?:[^'\n])*)'/g],
  [/\.html$/, /<!--([\s\S]*?)-->|>([^<>]*[a-z] [^<>]*)<|(?:content|alt|title|aria-label)="([^"]*)"/g],
  [/\.(?:py|yml)$|^\.ci\//, /"""([\s\S]*?)"""|(?:^|\s)#(.*(?:\n\s*#.*)*)|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'/g],
  [
    /\.tsx?$/,
    /\/\*([\s\S]*?)\*\/|(?:^|\s)\/\/(.*(?:\n\s*\/\/.*)*)|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`|'((?:[^'\\\n]|\\.)*)'|>\s*((?:[^<>{}=;()]|\{[\w.]*\})*[a-z] (?:[^<>{}=;()]|\{[\w.]*\})*)</g,
  ],
];

/** The comments of a file, and its strings that read as a sentence or a message. */
export function proseOf({ path, text }: TextFile): Prose[] {
  if (path.endsWith(".md")) return proseOfMarkdown({ path, text });
  const pattern = SYNTAX.find(([ending]) => ending.test(path))?.[1] ?? /$^/g;
  return [...text.matchAll(pattern)].flatMap((match) =>
    messages(match).map((prose) => ({ path, line: lineAt(text, match.index), text: prose })),
  );
}

/** The parts of a match that are prose, each in one line. A string counts when it has two words in a row. */
const messages = (match: RegExpMatchArray): string[] =>
  match
    .slice(1)
    .filter((part): part is string => part !== undefined && /[A-Za-z']+ [A-Za-z']+/.test(part))
    .map((part) =>
      part
        .replaceAll(/\n\s*(?:\*|\/\/|#|--)? ?/g, " ")
        .replaceAll(/\$\{[^}]*\}|\{[\w.]*\}|`[^`]*`/g, "x")
        .replace(/^[\s*]+/, ""),
    );

/** Paragraphs, without code blocks and code spans. */
function proseOfMarkdown({ path, text }: TextFile): Prose[] {
  const prose = withoutBlocks(text).replaceAll(/`[^`\n]*`/g, "x");
  const paragraphs = [...prose.matchAll(/(?:^|\n)((?:[^\n]*\S[^\n]*\n?)+)/g)];
  return paragraphs.flatMap((match) => {
    // a list item, a heading and a row of a table are paragraphs of their own
    const parts = (match[1] ?? "").split(/\n(?=\s*(?:[-*|#]|\d+\.)\s?)/);
    return parts.map((part) => ({
      path,
      line: lineAt(prose, match.index + match[0].indexOf(part)),
      text: part.replaceAll(/\n\s*/g, " ").replace(/^[\s\-*#|]+/, ""),
    }));
  });
}

/** The odd words of a piece of prose, with what to write instead. */
export const oddWords = ({ path, line, text }: Prose): string[] =>
  WORDS.flatMap(([pattern, instead]) => {
    const match = pattern.exec(text);
    return match === null ? [] : [`${path}:${line}: "${match[0].trim().slice(0, 60)}" -> ${instead}`];
  });

/** Parameters and functions with vague names in exported signatures, in code that oxfmt laid out. */
export function vagueNames({ path, text }: TextFile): string[] {
  const vague = VAGUE.join("|");
  const signatures = [
    ...text.matchAll(/^export (?:async )?function\*? (\w+)(?:<[^>]*>)?\(([\s\S]*?)\)(?::|\s*\{)/gm),
    ...text.matchAll(/^export const (\w+) = (?:async )?(?:<[^>]*>)?\(([^=]*?)\)(?:: [^=]*)? =>/gm),
    ...text.matchAll(/^  (?:readonly )?(\w+)\??\(([^)]*)\): /gm),
  ];
  return signatures.flatMap((match) => {
    const [, name = "", parameters = ""] = match;
    const isVague = new RegExp(`(?:^|[\\s,(])(?:${vague})\\??\\s*:`).test(parameters.replaceAll(/\{[^}]*\}/g, ""));
    return VAGUE.includes(name) || isVague
      ? [`${path}:${lineAt(text, match.index)}: ${name}(${parameters.trim()})`]
      : [];
  });
}

const EXCEPT = /^(test\/house\/|docs\/openapi\.json|LICENSE|package-lock)/;
const files = textFiles(
  /^(src|infra|test|bench|cases|glue|sql|docs|samples|\.github)\/.*\.(tsx?|py|sql|md|html|yml)$|^cases\/[^/]+\/case\.json$|^[A-Z]+\.md$|^\.ci\/run$/,
).filter(({ path }) => !EXCEPT.test(path));

test("comments, messages, test names and documents use plain English", () => {
  expect(files.flatMap(proseOf).flatMap(oddWords)).toEqual([]);
});

test("exported signatures have names that say something", () => {
  const code = files.filter(({ path }) => /^(src|infra)\/.*\.tsx?$/.test(path) && !path.endsWith(".test.ts"));
  expect(code.flatMap(vagueNames)).toEqual([]);
  expect(vagueNames({ path: "a.ts", text: "export function sum(of: number[]): number {" })).toHaveLength(1);
  expect(vagueNames({ path: "a.ts", text: "export const found = (name: string): string => name;" })).toHaveLength(1);
});

test.each([
  ["a comment", "src/seeded.ts", "/** Nobody is told. */"],
  ["a line comment", "src/seeded.ts", "const a = 1; // the door counts what came"],
  ["a message", "src/seeded.ts", 'throw new Error("this is no file");'],
  ["a template", "src/seeded.ts", "throw new Error(`${name} is no file`);"],
  ["a test name", "src/seeded.test.ts", 'test("a poison record is quarantined", () => {});'],
  ["the title of a case", "cases/seeded/case.json", '{ "title": "a list whose elements are no rows" }'],
  ["a docstring", "glue/seeded.py", '"""The keeper of all objects."""'],
  ["a SQL comment", "sql/seeded.sql", "-- what was told before is sent anew"],
  ["a document", "docs/seeded.md", "The file lies beside the others."],
  ["a subject clause", "docs/seeded.md", "What is too large is rejected."],
  ["a subject clause of a comment", "src/seeded.ts", "/** What is too large is rejected. */"],
  ["a subject clause of a line comment", "src/seeded.ts", "// what is too large is rejected"],
  ["a subject clause of a Python comment", "glue/seeded.py", "# what is too large is rejected"],
  ["a subject clause of a SQL comment", "sql/seeded.sql", "-- what is too large is rejected"],
  ["a phrase over two lines", "src/seeded.ts", "// this is\n// no file"],
  ["a paragraph over two lines", "docs/seeded.md", "This is\nno file."],
  ["a workflow", ".github/workflows/seeded.yml", "# nobody reads this"],
  ["a page", "src/web/seeded.html", "<!-- nobody reads this -->"],
  ["an element with a value", "src/web/seeded.tsx", "<p>\n  nobody reads {many} rows\n</p>"],
  ["a string in single quotes", "src/seeded.ts", "const a = 'nobody reads \"this\"';"],
])("an odd word in %s is found", (_kind, path, text) => {
  expect(proseOf({ path, text }).flatMap(oddWords)).not.toEqual([]);
});

test("plain text passes", () => {
  const text = "/** The loader retries after a back-off. `door` is code. What does it cost? */";
  expect(proseOf({ path: "src/plain.ts", text }).flatMap(oddWords)).toEqual([]);
});
