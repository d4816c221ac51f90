import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkedInFiles } from "./derived.ts";

test.each(checkedInFiles())("$file is what the contract says", ({ file, content }) => {
  expect(readFileSync(file, "utf8")).toBe(content);
});
