import { describe, test } from "vitest";
import { areInstalled } from "./tools.ts";

/** A group of tests that needs MiniStack. Where it is not installed, the tests are skipped. In CI they fail. */
export function onMiniStack(name: string, tests: () => void): void {
  const isInstalled = areInstalled();
  if (!isInstalled)
    test.skipIf(process.env["CI"] === undefined)(`MiniStack is installed for ${name}`, () => {
      throw new Error("MiniStack is not installed in .tools/: run npm run check:aws");
    });
  describe.runIf(isInstalled)(name, tests);
}
