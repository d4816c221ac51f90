import { expect, test } from "vitest";
import { problemsOf } from "./commits.ts";

test("a commit message has a short subject and a body that says why", () => {
  expect(problemsOf("Retry throttled writes\n\nDynamoDB lost rows otherwise.\n")).toEqual([]);
  expect(problemsOf("Retry throttled writes\n")).toHaveLength(1);
  expect(problemsOf(`${"Retry ".repeat(13)}\n\nDynamoDB lost rows otherwise.\n`)).toHaveLength(1);
  expect(problemsOf("retry writes.\n\nWhy.\n")).toHaveLength(2);
});
