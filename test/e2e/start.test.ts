import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { simulatedBodies } from "../harness/bodies.ts";
import { flightline, flowsOf, newInstallation, startProduct, temporaryFolder, until } from "../harness/product.ts";

/** Files with simulated bodies, for `--from`. */
async function recordedFiles(count: number): Promise<{ files: string[]; rows: number }> {
  const folder = await temporaryFolder();
  const bodies = await simulatedBodies(count);
  const files = await Promise.all(
    bodies.map(async (body, i) => {
      const file = path.join(folder, `${String(i).padStart(3, "0")}.json`);
      await writeFile(file, body);
      return file;
    }),
  );
  const rows = bodies.reduce(
    (sum, body) => sum + (JSON.parse(Buffer.from(body).toString()) as { states: unknown[] }).states.length,
    0,
  );
  return { files, rows };
}

/** A folder for an embedded PostgreSQL. It is deleted after the test, also if the test fails. */
async function dataFolder(): Promise<string> {
  const data = await mkdtemp(path.join(tmpdir(), "flightline-data-"));
  onTestFinished(async () => {
    // the watchdog ends PostgreSQL shortly after its parent process
    await new Promise((resolve) => setTimeout(resolve, 500));
    await rm(data, { recursive: true, force: true, maxRetries: 20 });
  });
  return data;
}

test("with a new data folder, both flows balance, a kill loses nothing, and a second start keeps the data", async () => {
  const data = await dataFolder();
  const { files, rows } = await recordedFiles(20);
  const from = ["--data", data, "--from", ...files, "--speed", "max"];
  const first = await startProduct(from);
  expect(await (await fetch(first.url)).text()).toContain("Flightline");
  await until(
    () => flowsOf(first.url),
    ({ stream }) => stream.received > 0,
  );
  await first.end("SIGKILL");

  const second = await startProduct(from);
  const whole = await until(
    () => flowsOf(second.url),
    ({ stream }) => stream.received >= rows && stream.pending === 0,
  );
  expect(whole.stream.balanced).toBe(true);
  expect(whole.stream.received).toBe(whole.stream.accepted + whole.stream.duplicate + whole.stream.rejected);
  const refusal = await startProduct(["--data", data]).catch((error: Error) => error.message);
  expect(refusal).toContain(`already running on ${data} at ${second.url}`);
  const { stdout } = await flightline(["flows", "--data", data, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    flows: [{ flow: "request" }, { flow: "stream", stored: whole.stream.stored, balanced: true }],
  });
  // a terminal and npm both send the signal of one Ctrl-C
  const ended = second.end("SIGINT");
  second.child.kill("SIGINT");
  expect(await ended).toBe(0);

  const third = await startProduct(["--data", data, "--from", files[0] ?? "", "--speed", "max"]);
  const again = await flowsOf(third.url);
  expect(again.stream.stored).toBe(whole.stream.stored);
  expect(await third.end("SIGTERM")).toBe(0);
}, 180_000);

test("by default a simulation feeds both flows, and the page's table follows", async () => {
  const installation = await newInstallation();
  const { url, end } = await startProduct(["--data", installation.data], installation.env);
  const both = await until(
    () => flowsOf(url),
    ({ request, stream }) =>
      request.stored !== null && request.stored > 0 && stream.stored !== null && stream.stored > 0,
  );
  expect([both.request.balanced, both.stream.balanced]).toEqual([true, true]);
  const rows = async () => ((await (await fetch(`${url}/live/aircraft`)).json()) as { rows: unknown[] }).rows.length;
  expect(await until(rows, (count) => count > 300)).toBeGreaterThan(300);
  const response = await fetch(`${url}/live/aircraft`);
  const same = await fetch(`${url}/live/aircraft`, {
    headers: { "if-none-match": response.headers.get("etag") ?? "" },
  });
  expect([200, 304]).toContain(same.status);
  expect(await end("SIGINT")).toBe(0);
});

test("after SIGTERM under load, start finishes its work, exits with 0 and leaves both flows in balance", async () => {
  const installation = await newInstallation();
  const { files } = await recordedFiles(60);
  const { url, end } = await startProduct(
    ["--data", installation.data, "--from", ...files, "--speed", "max"],
    installation.env,
  );
  const bodies = await simulatedBodies(30, { seed: 9 });
  const posting = Promise.allSettled(
    bodies.map((body) =>
      fetch(`${url}/v1/states`, {
        method: "POST",
        body: Buffer.from(body),
        headers: { "content-type": "application/json" },
      }),
    ),
  );
  await until(
    () => flowsOf(url),
    ({ stream }) => stream.received > 0,
  );
  const start = performance.now();
  expect(await end("SIGTERM")).toBe(0);
  // start exits after 9 s at the latest. The rest is a margin for a slow machine
  expect(performance.now() - start).toBeLessThan(30_000);
  await posting;
  const { code, stdout } = await flightline(["flows", "--data", installation.data, "--json"], {
    env: installation.env,
  });
  expect([code, stdout]).toEqual([0, expect.stringContaining('"balanced":true')]);
});

test("a port that is in use is an error of one line", async () => {
  const [first, second] = [await newInstallation(), await newInstallation()];
  const { url } = await startProduct(["--data", first.data], first.env);
  const { code, stderr } = await flightline(["start", "--data", second.data, "--port", new URL(url).port], {
    env: second.env,
  });
  expect([code, stderr]).toEqual([1, expect.stringContaining("is in use; choose another with --port")]);
});

test("the commands work in sequence: produce, consume, ingest, query, compact, replay, load, migrate", async () => {
  const installation = await newInstallation();
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await flightline([...args, "--data", installation.data], {
      env: installation.env,
    });
    expect([args[0], code, stderr]).toEqual([args[0], 0, ""]);
    return stdout;
  };
  const { files, rows } = await recordedFiles(5);
  expect(await run("produce", ...files)).toBe(`${rows.toLocaleString("en-US")} rows put\n`);
  expect(await run("consume", "--until-empty")).toContain(`received ${rows.toLocaleString("en-US")}`);
  expect(JSON.parse(await run("ingest", ...files, "--json", "--source", "other"))).toMatchObject({ received: rows });
  const stored = async () =>
    JSON.parse(await run("query", "select count(*)::int as n from state_vectors", "--json")) as { n: number };
  const { n } = await stored();
  expect(n).toBeGreaterThan(1_000);
  expect(await run("compact")).toContain("hours");
  await run("replay", "--all");
  await run("query", "select 1");
  expect(await run("flows")).toContain("both equations hold");
  await run("load", "clean/");
  expect((await stored()).n).toBe(n);
  await run("migrate");
  const { code, stderr } = await flightline(["query", "drop table aircraft", "--data", installation.data], {
    env: installation.env,
  });
  expect([code, stderr]).toEqual([1, expect.stringContaining("read-only")]);
}, 120_000);
