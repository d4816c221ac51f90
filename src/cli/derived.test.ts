import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkedInFiles } from "./derived.ts";

test.each(checkedInFiles())("$file is up to date with the code that it derives from", ({ file, content }) => {
  expect(readFileSync(file, "utf8")).toBe(content);
});
