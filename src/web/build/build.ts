import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { countryTopology, mapNames } from "./build-map.ts";

/**
 * Bundles the page and all third-party files that it loads into dist/web. The page loads nothing from other hosts.
 * The server sends the files as gzip, so the build compresses them once.
 */
const source = new URL("../", import.meta.url);
const out = new URL("../../dist/web/", source);
const { resolve } = createRequire(import.meta.url);

mkdirSync(out, { recursive: true });
const page = await build({
  entryPoints: [fileURLToPath(new URL("page.tsx", source))],
  outfile: fileURLToPath(new URL("page.js", out)),
  write: false,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
});
const write = (name: string, content: string | Uint8Array): void =>
  writeFileSync(new URL(`${name}.gz`, out), gzipSync(content, { level: 9 }));
const stylesheets = ["maplibre-gl/dist/maplibre-gl.css", "uplot/dist/uPlot.min.css"];

for (const { text, path } of page.outputFiles) write(basename(path), text);
for (const name of ["index.html", "page.css"]) write(name, readFileSync(new URL(name, source)));
write("maplibre-gl-worker.mjs", readFileSync(resolve("maplibre-gl/dist/maplibre-gl-worker.mjs")));
write("libraries.css", stylesheets.map((name) => readFileSync(resolve(name), "utf8")).join("\n"));
write("countries.json", JSON.stringify(countryTopology()));
write("names.json", JSON.stringify(mapNames()));
