import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FlowReport } from "../../src/flow/ledger/reconcile.ts";
import { deployCore, type Deployed } from "../harness/aws/deployed.ts";
import { onMiniStack } from "../harness/aws/on-ministack.ts";
import { goodRow } from "../harness/bodies.ts";
import { flightline, flowsOf, startProduct, temporaryFolder, until } from "../harness/product.ts";

/** An NDJSON file with `rows` good rows and one broken line. */
async function fileOf(first: number, rows: number): Promise<string> {
  const file = path.join(await temporaryFolder(), "states.ndjson");
  const lines = Array.from({ length: rows }, (_, i) => JSON.stringify(goodRow({ icao24: (first + i).toString(16) })));
  writeFileSync(file, [...lines, "{", ""].join("\n"));
  return file;
}

onMiniStack("the commands with a deployment's stores", () => {
  let aws: Deployed;
  let env: Record<string, string>;
  beforeAll(async () => {
    aws = await deployCore();
    env = {
      FLIGHTLINE_API_KEY: aws.key,
      FLIGHTLINE_OBJECTS: `s3://${aws.bucket}`,
      FLIGHTLINE_QUEUE: `sqs:${aws.queue}`,
      FLIGHTLINE_STREAM: `kinesis:${aws.stream}`,
      FLIGHTLINE_DATABASE: "dynamodb:flightline",
      FLIGHTLINE_CHECKPOINTS: "dynamodb:flightline",
      FLIGHTLINE_RETENTION_DAYS: "30",
    };
  }, 600_000);
  afterAll(() => aws.ministack.stop());
  const run = async (...args: string[]) => flightline(args, { env, cwd: await temporaryFolder() });

  test("ingest, produce and a local consume store the rows of both flows, and both flows are balanced", async () => {
    const sent = await run("ingest", await fileOf(0x3c0000, 30), "--url", aws.url, "--source", "mine");
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining("received 31, cleaned 30") });
    const put = await run("produce", await fileOf(0x3d0000, 40), "--source", "mine");
    expect(put).toMatchObject({ code: 0, stdout: "41 rows put\n" });
    const consumed = await run("consume", "--until-empty");
    expect(consumed).toMatchObject({
      code: 0,
      stdout: "received 41, accepted 40, duplicate 0, rejected 1, repeats 0\n",
    });
    // the ledger item is written after the rows
    await until(
      () => aws.request("/flows"),
      ({ answer }) => (answer["flows"] as FlowReport[]).every(({ pending }) => pending === 0),
    );
    const counted = await run("flows", "--verify");
    expect(counted.code, counted.stdout + counted.stderr).toBe(0);
    expect(counted.stdout).toContain("received  31 = accepted 30 + duplicate 0 + rejected 1 + pending 0");
    expect(counted.stdout).toContain("stored    40 = accepted 40 - expired 0");
  });

  test("loading clean files and the lake again stores no row twice", async () => {
    expect(await run("load", "clean/")).toMatchObject({ code: 0, stdout: "1 files, 0 rows stored\n" });
    expect((await run("load", "lake/")).stdout).toMatch(/^\d+ files, 0 rows stored\n$/);
  });

  test("a local read-only server shows the deployment and refuses writes", async () => {
    const product = await startProduct(["--read-only"], env);
    const flows = await flowsOf(product.url);
    expect(flows).toMatchObject({
      request: { received: 31, balanced: true },
      stream: { received: 81, accepted: 40, duplicate: 40, balanced: true },
    });
    const live = await until(
      async () => (await fetch(`${product.url}/live/aircraft`)).text(),
      (text) => text.includes("3d0000"),
    );
    expect(live).toContain("3c0000");
    const refused = await fetch(`${product.url}/v1/states`, { method: "POST", body: "[]" });
    expect(refused.status).toBe(405);
    const requestLive = async (path: string, method = "GET") => {
      const response = await fetch(`${product.url}/live/${path}`, { method });
      return { status: response.status, answer: await response.json() };
    };
    // DynamoDB has no index by time, so the page cannot show the past
    expect(await requestLive("oldest")).toEqual({ status: 200, answer: { oldest: null } });
    expect(await requestLive("at/1700000000")).toMatchObject({
      status: 400,
      answer: { error: { code: "not_answered" } },
    });
    expect(await requestLive("origin/3c0000")).toMatchObject({
      status: 200,
      answer: { flow: "request", raw: expect.stringContaining("3c0000") as string },
    });
    expect((await requestLive("replay?all=true", "POST")).status).toBe(405);
    expect(await product.end("SIGTERM")).toBe(0);
  });
});
