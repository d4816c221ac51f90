import { execFileSync, spawnSync } from "node:child_process";

/**
 * Checks the messages of the commits since the rule was made: `npx tsx test/house/commits.ts`. A subject has at most 72
 * characters and starts with a capital. A body, after an empty line, says why.
 */
const SINCE = "2ab7e77daeb6";
const MAX_SUBJECT = 72;

const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" });

/** What is wrong with a commit message. Empty when nothing is. */
export function problemsOf(message: string): string[] {
  const [subject = "", separator, ...body] = message.trimEnd().split("\n");
  const problems: string[] = [];
  if (subject.length > MAX_SUBJECT)
    problems.push(`the subject has ${subject.length} characters, allowed are ${MAX_SUBJECT}`);
  if (!/^[A-Z]/.test(subject)) problems.push("the subject does not start with a capital");
  if (/[.;]$/.test(subject)) problems.push("the subject ends with a punctuation mark");
  if (separator !== "" || body.join("").trim() === "")
    problems.push("a body that says why is missing after an empty line");
  return problems;
}

if (process.argv[1]?.endsWith("commits.ts") === true) {
  // a shallow clone has only the newest commit
  const isKnown = spawnSync("git", ["cat-file", "-e", `${SINCE}^{commit}`]).status === 0;
  const range = isKnown ? [`${SINCE}..HEAD`] : ["-1", "HEAD"];
  const commits = git("rev-list", "--no-merges", ...range)
    .split("\n")
    .filter((hash) => hash !== "");
  const wrong = commits.flatMap((hash) => {
    const message = git("show", "-s", "--format=%B", hash);
    return problemsOf(message).map((problem) => `${hash.slice(0, 12)} ${message.split("\n")[0]}: ${problem}`);
  });
  for (const line of wrong) console.error(line);
  console.log(`${commits.length} commit messages checked`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
