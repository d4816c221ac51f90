import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { countryTopology, mapNames } from "./build-map.ts";

/**
 * Bundles the page into dist/web, with the files of others that it needs beside it: no file comes from elsewhere.
 * They are served as gzip, so they are compressed here, once.
 */
const here = new URL("../", import.meta.url);
const out = new URL("../../dist/web/", here);
const { resolve } = createRequire(import.meta.url);

mkdirSync(out, { recursive: true });
const page = await build({
  entryPoints: [fileURLToPath(new URL("page.tsx", here))],
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
const sheets = ["maplibre-gl/dist/maplibre-gl.css", "uplot/dist/uPlot.min.css"];

for (const { text, path } of page.outputFiles) write(basename(path), text);
for (const name of ["index.html", "page.css"]) write(name, readFileSync(new URL(name, here)));
write("maplibre-gl-worker.mjs", readFileSync(resolve("maplibre-gl/dist/maplibre-gl-worker.mjs")));
write("libraries.css", sheets.map((name) => readFileSync(resolve(name), "utf8")).join("\n"));
write("countries.json", JSON.stringify(countryTopology()));
write("names.json", JSON.stringify(mapNames()));
