import { copyFileSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles the page into dist/web. */
const here = new URL("./", import.meta.url);
const out = new URL("../../dist/web/", here);

mkdirSync(out, { recursive: true });
await build({
  entryPoints: [fileURLToPath(new URL("page.tsx", here))],
  outfile: fileURLToPath(new URL("page.js", out)),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
});
for (const name of ["index.html", "page.css"]) copyFileSync(new URL(name, here), new URL(name, out));
