import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import packageFile from "../../package.json" with { type: "json" };
import { contractVersion } from "../../src/flight/contract.ts";
import { flowsOf, temporaryFolder, until } from "../harness/product.ts";

const run = promisify(execFile);

test("the packed package starts in an empty folder", async () => {
  const folder = await temporaryFolder();
  // the tests' setup has built dist, and a build now would disturb tests that run at the same time
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder]);
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  const files = packed?.files.map((file) => file.path) ?? [];
  expect(files).toEqual(
    expect.arrayContaining([
      ...["dist/cli/main.js", "dist/web/page.js.gz", "sql/001-store.sql", "samples/simulated-states.ndjson"],
      ...["docs/tour.md", "CHANGELOG.md", "LICENSE", "README.md"],
    ]),
  );
  expect(files.filter((file) => /\.ts$|\.test\.|^(test|src|cases)\//.test(file))).toEqual([]);

  const home = path.join(folder, "empty");
  await mkdir(home);
  await run("tar", ["xzf", path.join(folder, packed?.filename ?? ""), "-C", home]);
  await mkdir(path.join(home, "node_modules"));
  for (const name of installed(packageFile)) {
    await mkdir(path.dirname(path.join(home, "node_modules", name)), { recursive: true });
    symlinkSync(realpathSync(path.resolve("node_modules", name)), path.join(home, "node_modules", name));
  }
  const main = path.join(home, "package", packageFile.bin.flightline);
  const child = spawn(process.execPath, [main, "start", "--port", "0"], { cwd: home });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = line.toString().trim();
  expect(await (await fetch(url)).text()).toContain("Flightline");
  const flows = await until(
    () => flowsOf(url),
    ({ stream, request }) => (stream.stored ?? 0) > 0 && (request.stored ?? 0) > 0,
  );
  expect([flows.stream.balanced, flows.request.balanced]).toEqual([true, true]);
  child.kill("SIGINT");
  expect((await exited)[0]).toBe(0);
}, 120_000);

test("the changelog names the contract and every migration", () => {
  const changelog = readFileSync("CHANGELOG.md", "utf8");
  const migrations = readdirSync("sql").filter((name) => name.endsWith(".sql"));
  expect([contractVersion, ...migrations].filter((name) => !changelog.includes(name))).toEqual([]);
});

/** The direct and indirect dependencies of the package that are installed on this machine. */
function installed(from: {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}): string[] {
  const names = new Set<string>();
  const add = (name: string): void => {
    const folder = path.resolve("node_modules", name);
    if (names.has(name) || !existsSync(folder)) return;
    names.add(name);
    const dependency = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as typeof from;
    Object.keys({ ...dependency.dependencies, ...dependency.optionalDependencies }).forEach(add);
  };
  Object.keys({ ...from.dependencies, ...from.optionalDependencies }).forEach(add);
  return [...names];
}
