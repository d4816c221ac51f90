import { expect, test } from "vitest";
import { PREFIXES } from "../../src/flow/objects/keys.ts";
import { settings } from "../../src/settings.ts";
import { textFiles, type TextFile } from "./files.ts";

/** Each fact has one owner. Code takes it from there, so that a change of it is a change of one file. */
interface Fact {
  name: string;
  owners: readonly string[];
  /** The literals that only the owners may spell. */
  spelled: RegExp;
}

const prefixes = [...new Set(Object.values(PREFIXES).map((prefix) => prefix.split("/")[0]))].join("|");
const names = Object.values(settings).map(({ name }) => name);

const facts: readonly Fact[] = [
  {
    name: "the prefixes of object keys",
    owners: ["src/flow/objects/keys.ts"],
    // after a quote, a slash or the beginning of a pattern: the first segment of a key, followed by a slash
    spelled: new RegExp(
      `(?:["'\`/^]|s3://[^/"'\`]*/|\\$\\{[^}]*\\}/)(?:${prefixes})/(?![\\w./-]*\\.(?:ts|tsx|sql|py)["'\`])`,
    ),
  },
  { name: "the names of settings", owners: ["src/settings.ts"], spelled: new RegExp(`\\b(?:${names.join("|")})\\b`) },
  { name: "the keys of advisory locks", owners: ["src/postgres/locks.ts"], spelled: /0x666c|67124\d\d/ },
  {
    name: "the pattern of a source",
    owners: ["src/flight/identifiers.ts"],
    spelled: /\[a-z0-9\]\[a-z0-9_-\]\{0,31\}/,
  },
  {
    name: "the pattern of an id",
    owners: ["src/flight/identifiers.ts"],
    spelled: /\[0-9a-f\]\{32\}/,
  },
];

/** Code that runs in the product, in its deployment and in its benchmarks. Tests may spell the bytes that users see. */
const code = textFiles(/^(src|infra|glue|bench|sql)\/.*\.(tsx?|py|sql)$/).filter(
  ({ path }) => !/\.test\.ts$|\/(test_|conftest)|^sql\/samples\//.test(path),
);

/** The lines of code that spell a fact outside its owners. Comments do not count. */
function spelledElsewhere({ owners, spelled }: Fact, files: readonly TextFile[]): string[] {
  return files
    .filter(({ path }) => !owners.includes(path))
    .flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, i) => {
        const isComment = /^\s*(\/\/|\/?\*|#|--)/.test(line);
        const isImport = /\bfrom ["']|\bimport\(/.test(line);
        return !isComment && !isImport && spelled.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [];
      }),
    );
}

test.each(facts)("only its owner spells $name", (fact) => {
  expect(spelledElsewhere(fact, code)).toEqual([]);
  const owned = code.filter(({ path }) => fact.owners.includes(path));
  expect(owned.some(({ text }) => fact.spelled.test(text))).toBe(true);
});

test.each([
  ["the prefixes of object keys", 'for await (const { key } of objects.list("raw/")) {'],
  ["the prefixes of object keys", "  const location = `s3://${bucket.bucketName}/lake/state_vectors/`;"],
  ["the prefixes of object keys", '    objects.put(f"rejected/flow=stream/{hour}", body)'],
  ["the names of settings", '  environment: { FLIGHTLINE_STREAM: "kinesis:x" },'],
  ["the keys of advisory locks", "  perform pg_advisory_xact_lock(6712432);"],
  ["the pattern of a source", "const SOURCE = /^[a-z0-9][a-z0-9_-]{0,31}$/;"],
  ["the pattern of an id", "const ID = /^r[0-9a-f]{32}$/;"],
])("a seeded violation of %s is found", (name, line) => {
  const fact = facts.find((one) => one.name === name);
  if (fact === undefined) throw new Error(`no fact is called ${name}`);
  expect(spelledElsewhere(fact, [{ path: "src/seeded.ts", text: line }])).toHaveLength(1);
});

test("only main modules read the process's environment", () => {
  const readers = textFiles(/^src\/.*\.tsx?$/).filter(
    ({ path, text }) => /process\.env\b/.test(text) && !path.endsWith(".test.ts"),
  );
  const mains = /^src\/(?:cli\/main|aws\/lambda\/\w+)\.ts$/;
  expect(readers.map(({ path }) => path).filter((path) => !mains.test(path))).toEqual([]);
  expect(readers.length).toBeGreaterThan(0);
});

test("every setting that a document names exists", () => {
  const known = new Set<string>(names);
  const documents = textFiles(/\.md$/);
  const unknown = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\bFLIGHTLINE_[A-Z_]*[A-Z]\b/g)]
      .map(([name]) => name)
      .filter((name) => !known.has(name) && !/^FLIGHTLINE_(TEST|BENCH)_/.test(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(unknown).toEqual([]);
});
