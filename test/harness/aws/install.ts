import { areInstalled, installTools } from "./tools.ts";

const begun = Date.now();
if (!areInstalled()) installTools();
console.log(`MiniStack, cfn-lint and Node 24 are in .tools/, ${Math.round((Date.now() - begun) / 1000)} s`);
