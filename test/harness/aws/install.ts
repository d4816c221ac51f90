import { areInstalled, installTools } from "./tools.ts";

const started = Date.now();
if (!areInstalled()) installTools();
console.log(`MiniStack, cfn-lint and Node 24 are installed in .tools/, ${Math.round((Date.now() - started) / 1000)} s`);
