import { gzipSync } from "node:zlib";
import { SendMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kinesisClient, kinesisStream } from "../../src/aws/kinesis/stream.ts";
import { s3Client, s3Store } from "../../src/aws/s3-store.ts";
import { sqsClient, sqsQueue } from "../../src/aws/sqs-queue.ts";
import type { FlowReport } from "../../src/flow/ledger/reconcile.ts";
import type { ObjectStore } from "../../src/flow/ports.ts";
import { producer } from "../../src/flow/stream/produce.ts";
import { deployCore, type Deployed } from "../harness/aws/deployed.ts";
import { deliverAll } from "../harness/aws/kinesis-event-source.ts";
import { onMiniStack } from "../harness/aws/on-ministack.ts";
import { requireParameter } from "../harness/aws/request-validation.ts";
import { goodRow } from "../harness/bodies.ts";
import { until } from "../harness/product.ts";
import { quarantined } from "../harness/quarantine.ts";
import { keysOf } from "./api-under-test.ts";

const row = (icao24: string, over = {}) => goodRow({ icao24, ...over });

onMiniStack("the deployed templates on MiniStack", () => {
  let aws: Deployed;
  let objects: ObjectStore;
  beforeAll(async () => {
    aws = await deployCore();
    objects = s3Store(s3Client(process.env), { bucket: aws.bucket, prefix: "" });
  }, 600_000);
  afterAll(() => aws.ministack.stop());

  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    aws.request("/states?source=opensky", { method: "POST", body, headers });
  const loaded = async (id: unknown) =>
    (
      await until(
        () => aws.request(`/ingestions/${String(id)}`),
        ({ answer }) => answer["status"] === "loaded",
      )
    ).answer;
  const flow = async (name: "request" | "stream"): Promise<FlowReport | undefined> => {
    const { flows } = (await aws.request("/flows")).answer as unknown as { flows: FlowReport[] };
    return flows.find((report) => report.flow === name);
  };

  test("a posted body reaches the table through bucket, queue and loader, and the flow is balanced", async () => {
    const { status, answer } = await post(JSON.stringify([row("3c0001"), row("3c0002"), row("zzz")]));
    expect([status, answer["received"], answer["cleaned"]]).toEqual([202, 3, 2]);
    expect(await loaded(answer["id"])).toMatchObject({ accepted: 2, duplicate: 0, rejected: { bad_icao24: 1 } });
    expect((await aws.request("/aircraft/3c0001")).answer).toMatchObject({ icao24: "3c0001", callsign: "DLH9LF" });
    const box = await aws.request("/aircraft?lamin=45&lamax=55&lomin=5&lomax=15");
    expect((box.answer["aircraft"] as unknown[]).length).toBeGreaterThanOrEqual(2);
    expect((await aws.request("/states?icao24=3c0001")).answer).toMatchObject({ states: [{ icao24: "3c0001" }] });
    expect((await aws.request("/states")).answer).toMatchObject({ error: { code: "not_answered" } });
    expect(await flow("request")).toMatchObject({ balanced: true, pending: 0 });
  });

  test("a redelivered notification changes only the count of repeats", async () => {
    const { answer } = await post(JSON.stringify([row("3c0003")]));
    await loaded(answer["id"]);
    const [key = ""] = (await keysOf({ objects }, "clean/")).filter((name) => name.includes(String(answer["id"])));
    const s3 = { bucket: { name: aws.bucket }, object: { key: encodeURIComponent(key) } };
    const MessageBody = JSON.stringify({ Records: [{ eventName: "ObjectCreated:Put", s3 }] });
    for (let i = 0; i < 4; i++) await sqsClient().send(new SendMessageCommand({ QueueUrl: aws.queue, MessageBody }));
    const again = await until(
      () => aws.request(`/ingestions/${String(answer["id"])}`),
      (ingestion) => ingestion.answer["repeats"] === 4,
    );
    expect(again.answer).toMatchObject({ accepted: 1, duplicate: 0, repeats: 4 });
  });

  test("gzip bodies and bytes that are not UTF-8 are stored unchanged", async () => {
    const packed = gzipSync(JSON.stringify([row("3c0004")]));
    const first = await post(packed, { "content-type": "application/gzip" });
    expect(first.status).toBe(202);
    expect(Buffer.from((await objects.get(`raw/${String(first.answer["id"])}.body`)) ?? "")).toEqual(packed);
    const broken = Buffer.concat([Buffer.from('{"icao24":"3c'), Buffer.from([0xff, 0xfe]), Buffer.from('"}\n')]);
    const lines = Buffer.concat([broken, Buffer.from(JSON.stringify(row("3c0005")))]);
    const second = await post(lines, { "content-type": "application/x-ndjson" });
    expect(second.answer).toMatchObject({ received: 2, cleaned: 1, rejected: { not_utf8: 1 } });
    const [key = ""] = (await keysOf({ objects }, "rejected/")).filter((name) =>
      name.includes(String(second.answer["id"])),
    );
    const [rejected] = await quarantined(objects, key);
    expect(Buffer.from(rejected?.bytes ?? "", "base64")).toEqual(broken.subarray(0, -1));
  });

  test("wrong requests are answered with the same errors as by a local server", async () => {
    const wrong = await Promise.all([
      aws.request("/states?format=xml", { method: "POST", body: "[]" }),
      aws.request("/states?color=red", { method: "POST", body: "[]" }),
      post("{"),
      post("x", { "content-type": "text/html" }),
      aws.request("/aircraft/unknown"),
      aws.request("/aircraft/000001"),
    ]);
    expect(wrong.map(({ status }) => status)).toEqual([400, 400, 400, 415, 400, 404]);
    for (const { answer } of wrong) expect(answer).toMatchObject({ error: { code: expect.any(String) } });
  });

  test("the gateway refuses a request without a required parameter, with an error in the handler's shape", async () => {
    expect((await aws.request("/aircraft?lamin=45&lamax=55&lomin=5&lomax=15")).status).toBe(200);
    await requireParameter(aws.apiId, "/aircraft", "method.request.querystring.lamin");
    expect(await aws.request("/aircraft")).toMatchObject({
      status: 400,
      answer: { error: { code: "BAD_REQUEST_PARAMETERS", message: expect.stringContaining("lamin") } },
    });
    expect((await aws.request("/aircraft?lamin=45&lamax=55&lomin=5&lomax=15")).status).toBe(200);
  });

  test("a file that cannot be loaded becomes a dead letter, and is loaded after a repair and a redrive", async () => {
    const sqs = sqsClient();
    const setVisibility = (seconds: string) =>
      sqs.send(new SetQueueAttributesCommand({ QueueUrl: aws.queue, Attributes: { VisibilityTimeout: seconds } }));
    const { answer } = await post(JSON.stringify([row("3c0006")]));
    await loaded(answer["id"]);
    const queue = sqsQueue(sqs, { url: aws.queue });
    await until(
      () => queue.depth(),
      ({ waiting }) => waiting === 0,
    );
    // the queue is empty, so only the broken message is redelivered without delay
    await setVisibility("0");
    const [cleanKey = ""] = (await keysOf({ objects }, "clean/")).filter((name) => name.includes(String(answer["id"])));
    const id = `r${"0".repeat(32)}`;
    const key = cleanKey.replace(String(answer["id"]), id);
    await objects.put(key, Buffer.from("not gzip"));
    await until(
      () => queue.depth(),
      ({ dead }) => dead === 1,
    );
    await objects.delete(key);
    await objects.put(key, (await objects.get(cleanKey)) ?? new Uint8Array());
    await setVisibility("360");
    expect(await queue.redrive()).toBe(1);
    await until(
      () => queue.depth(),
      ({ waiting, dead }) => waiting === 0 && dead === 0,
    );
    expect(await flow("request")).toMatchObject({ duplicate: 1 });
  });

  test("stream records reach the table and the lake, and broken records the quarantine with their bytes", async () => {
    const stream = kinesisStream(kinesisClient(aws.ministack.url), { name: aws.stream });
    const producing = producer(stream, { signal: new AbortController().signal, groups: 4 });
    const rows = Array.from({ length: 997 }, (_, i) => JSON.stringify(row((0x3d0000 + i).toString(16))));
    const broken = Buffer.from([...Buffer.from('{"icao24":"3c'), 0xff, ...Buffer.from('"}')]);
    const bad = ["{", broken, "7"].map((line) => Buffer.concat([Buffer.from(line), Buffer.from("\n")]));
    await producing.add(Buffer.concat([Buffer.from(`${rows.join("\n")}\n`), ...bad]), "application/x-ndjson");
    await producing.flush();
    const undecodable = Buffer.from([0x1f, 0x8b, 1, 2, 3]);
    await stream.put([{ partition_key: '"{}', data: undecodable, rows: 1 }]);
    await deliverAll({ stream, lambda: aws.lambda, functionName: "flightline-consumer" });
    expect((await aws.request("/aircraft/3d0007")).answer).toMatchObject({ icao24: "3d0007" });
    expect(await flow("stream")).toMatchObject({ received: 1_001, accepted: 997, rejected: 4, balanced: true });
    expect(await keysOf({ objects }, "lake/state_vectors/")).not.toEqual([]);
    const rejected = await quarantined(objects, "rejected/flow=stream/");
    const bytesOf = (reason: string) =>
      rejected.filter((rejection) => rejection.reason === reason).map(({ bytes = "" }) => Buffer.from(bytes, "base64"));
    expect(bytesOf("not_gzip")).toEqual([undecodable]);
    expect(bytesOf("not_utf8")).toEqual([broken]);
    expect(bytesOf("not_json")).toEqual([Buffer.from("{")]);
    expect(rejected.map(({ reason }) => reason).sort()).toEqual(["not_an_object", "not_gzip", "not_json", "not_utf8"]);
    await deliverAll({ stream, lambda: aws.lambda, functionName: "flightline-consumer" });
    expect(await flow("stream")).toMatchObject({ received: 1_001, accepted: 997, repeats: 1_001 });
  });

  test("a wrong or revoked key is answered 403 and too many requests 429, in the shape of all errors", async () => {
    const wrong = await aws.request("/health", { headers: { "x-api-key": "unknown" } });
    expect(wrong).toMatchObject({ status: 403, answer: { error: { code: expect.any(String) } } });
    const slow = await aws.newKey({ rateLimit: 1, burstLimit: 2 });
    const many = () =>
      Promise.all(
        Array.from({ length: 20 }, () => aws.request("/openapi.json", { headers: { "x-api-key": slow.key } })),
      );
    const statuses = new Set<number>();
    await until(
      async () => (await many()).forEach(({ status }) => statuses.add(status)),
      () => statuses.has(200) && statuses.has(429),
    );
    expect([...statuses].sort()).toEqual([200, 429]);
    await slow.revoke();
    expect((await aws.request("/openapi.json", { headers: { "x-api-key": slow.key } })).status).toBe(403);
    expect(aws.ministack.log()).not.toContain(aws.key);
  });
});
