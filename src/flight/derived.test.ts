import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { derivedFiles } from "./derived.ts";

test.each(derivedFiles())("$file is what the contract says", ({ file, content }) => {
  expect(readFileSync(file, "utf8")).toBe(content);
});
