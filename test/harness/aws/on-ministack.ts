import { describe, test } from "vitest";
import { areInstalled } from "./tools.ts";

/** Tests that need MiniStack: left out where it is not installed, and a failure there in CI. */
export function onMiniStack(name: string, tests: () => void): void {
  const isHere = areInstalled();
  if (!isHere)
    test.skipIf(process.env["CI"] === undefined)(`MiniStack is installed for ${name}`, () => {
      throw new Error("MiniStack is not in .tools/: npm run check:aws installs it");
    });
  describe.runIf(isHere)(name, tests);
}
