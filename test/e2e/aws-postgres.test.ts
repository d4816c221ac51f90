import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { json as jsonOf } from "node:stream/consumers";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kinesisClient, kinesisStream } from "../../src/aws/kinesis/stream.ts";
import { s3Client, s3Store } from "../../src/aws/s3-store.ts";
import type { FlowReport } from "../../src/flow/ledger/reconcile.ts";
import { producer } from "../../src/flow/stream/produce.ts";
import { deployCore, type Deployed } from "../harness/aws/deployed.ts";
import { deliverAll } from "../harness/aws/kinesis-event-source.ts";
import { onMiniStack } from "../harness/aws/on-ministack.ts";
import { goodRow } from "../harness/bodies.ts";
import { until } from "../harness/product.ts";
import { sleepingProxy, type SleepingProxy } from "../harness/sleeping-proxy.ts";
import { startTlsPostgres, type TlsPostgres } from "../harness/tls-postgres.ts";
import { keysOf } from "./api-under-test.ts";

/** The longest time that Aurora takes to resume. */
const RESUME_MS = 30_000;
const BOX = "lamin=45&lamax=55&lomin=5&lomax=15";

/** Invokes the migration as CloudFormation does. Returns its answer. */
async function invokeMigration(lambda: LambdaClient): Promise<Record<string, unknown>> {
  let answered: (answer: unknown) => void;
  const answer = new Promise<unknown>((resolve) => (answered = resolve));
  const server = createServer((request, response) => {
    void jsonOf(request).then(answered);
    response.end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const ResponseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const event = { RequestType: "Create", ResponseURL, StackId: "s", RequestId: "r", LogicalResourceId: "Schema" };
  await lambda.send(
    new InvokeCommand({ FunctionName: "flightline-migrate", Payload: Buffer.from(JSON.stringify(event)) }),
  );
  const result = (await answer) as Record<string, unknown>;
  server.close();
  return result;
}

onMiniStack("the deployed functions on PostgreSQL over TLS and DynamoDB", () => {
  let aws: Deployed;
  let postgres: TlsPostgres;
  let proxy: SleepingProxy;
  const data = mkdtempSync(path.join(tmpdir(), "flightline-"));
  beforeAll(async () => {
    postgres = await startTlsPostgres(data);
    proxy = await sleepingProxy(postgres.port, RESUME_MS);
    const { pathname } = new URL(postgres.dsn);
    const role = `postgres://flightline:of-the-test@localhost:${proxy.port}${pathname}`;
    const server = { owner: postgres.dsn, role, ca: postgres.ca };
    aws = await deployCore({ settings: { database: "both" }, postgres: server });
  }, 600_000);
  afterAll(async () => {
    await aws.ministack.stop();
    await proxy.close();
    await postgres.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const flows = async (): Promise<FlowReport[]> => (await aws.request("/flows")).answer["flows"] as FlowReport[];
  const countRows = async (table: string) => (await postgres.query(`select count(*)::int from ${table}`))[0]?.["count"];

  test("the deployment creates role and schema, and a second deployment changes nothing", async () => {
    const first = await invokeMigration(aws.lambda);
    expect(first).toMatchObject({ Status: "SUCCESS", PhysicalResourceId: "schema" });
    expect(JSON.stringify(first["Data"])).toContain("001");
    expect(await invokeMigration(aws.lambda)).toMatchObject({ Status: "SUCCESS", Data: { migrated: "" } });
    expect(await postgres.query("select tableowner from pg_tables where tablename = 'state_vectors'")).toEqual([
      { tableowner: "flightline_tables" },
    ]);
    // on Aurora the role logs in with tokens instead
    await postgres.query("alter role flightline password 'of-the-test'");
  });

  test("a load waits 30 s for a database that resumes, and meanwhile requests are answered 503 with Retry-After", async () => {
    const rows = [goodRow({ icao24: "3c0001" }), goodRow({ icao24: "zzz" })];
    const { status, answer } = await aws.request("/states?source=opensky", {
      method: "POST",
      body: JSON.stringify(rows),
    });
    expect(status).toBe(202);
    const meanwhile = await aws.request(`/ingestions/${String(answer["id"])}`);
    expect(meanwhile).toMatchObject({ status: 503, answer: { error: { code: "unavailable" } } });
    expect(Number(meanwhile.headers.get("retry-after"))).toBeGreaterThan(0);
    const loaded = await until(
      () => aws.request(`/ingestions/${String(answer["id"])}`),
      (ingestion) => ingestion.answer["status"] === "loaded",
    );
    expect(proxy.waited()).toBeGreaterThanOrEqual(2);
    expect(loaded.answer).toMatchObject({ accepted: 1, duplicate: 0, repeats: 0, rejected: { bad_icao24: 1 } });
    expect([await countRows("deliveries"), await countRows("state_vectors")]).toEqual([1, 1]);
  }, 600_000);

  test("stream records wait while a database is down, then reach both databases once, with history by box", async () => {
    const stream = kinesisStream(kinesisClient(aws.ministack.url), { name: aws.stream });
    const producing = producer(stream, { signal: new AbortController().signal, groups: 4 });
    const rows = Array.from({ length: 20 }, (_, i) => goodRow({ icao24: (0x3d0000 + i).toString(16) }));
    await producing.add(Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n")), "application/x-ndjson");
    await producing.flush();
    const source = { stream, lambda: aws.lambda, functionName: "flightline-consumer" };
    proxy.cut();
    const failures = await deliverAll(source, { attempts: 3 });
    proxy.restore();
    expect(failures).toBeGreaterThanOrEqual(3);
    expect(await countRows("state_vectors")).toBe(1);
    expect(
      await keysOf(
        { objects: s3Store(s3Client(process.env), { bucket: aws.bucket, prefix: "" }) },
        "rejected/flow=stream/",
      ),
    ).toEqual([]);
    await deliverAll(source);
    await deliverAll(source);
    expect(((await aws.request(`/states?${BOX}`)).answer["states"] as unknown[]).length).toBe(21);
    expect(((await aws.request(`/aircraft?${BOX}`)).answer["aircraft"] as unknown[]).length).toBe(21);
    expect(await flows()).toMatchObject([
      { flow: "request", balanced: true, accepted: 1, stored: 1, others: [{ accepted: 1, rejected: 1 }] },
      {
        flow: "stream",
        balanced: true,
        accepted: 20,
        repeats: 20,
        stored: 20,
        others: [{ accepted: 20, repeats: 20 }],
      },
    ]);
  });
});
