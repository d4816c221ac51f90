import { writeFileSync } from "node:fs";
import path from "node:path";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { CfnRole } from "aws-cdk-lib/aws-iam";
import { expect, onTestFinished, test } from "vitest";
import { kinesisClient, kinesisStream } from "../../src/aws/kinesis/stream.ts";
import { producer } from "../../src/flow/stream/produce.ts";
import { deployCore, type CoreOptions, type Deployed } from "../harness/aws/deployed.ts";
import { deliverAll } from "../harness/aws/kinesis-event-source.ts";
import { onMiniStack } from "../harness/aws/on-ministack.ts";
import { goodRow } from "../harness/bodies.ts";
import { flightline, temporaryFolder, until } from "../harness/product.ts";

const TIMEOUT_MS = 600_000;

async function deployed(options: CoreOptions = {}): Promise<Deployed> {
  const on = await deployCore({ strict: true, ...options });
  onTestFinished(() => on.ministack.stop());
  return on;
}
const post = (on: Deployed, icao24: string) =>
  on.request("/states?source=opensky", { method: "POST", body: JSON.stringify([goodRow({ icao24 })]) });

/** What the handler logs of a request. */
async function logOfPost({ lambda }: Deployed): Promise<string> {
  const event = {
    httpMethod: "POST",
    path: "/states",
    headers: { "content-type": "application/json" },
    multiValueQueryStringParameters: { source: ["opensky"] },
    body: JSON.stringify([goodRow()]),
    isBase64Encoded: false,
    requestContext: { path: "/v1/states" },
  };
  const { LogResult = "" } = await lambda.send(
    new InvokeCommand({ FunctionName: "flightline-api", LogType: "Tail", Payload: Buffer.from(JSON.stringify(event)) }),
  );
  return Buffer.from(LogResult, "base64").toString();
}

/** Somebody who may call the API, with an access key. */
async function newSender(apiId: string) {
  const client = new IAMClient({});
  const UserName = "sender";
  const Statement = [
    { Effect: "Allow", Action: "execute-api:Invoke", Resource: `arn:aws:execute-api:*:*:${apiId}/v1/*` },
  ];
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await client.send(new CreateUserCommand({ UserName }));
  await client.send(new PutUserPolicyCommand({ UserName, PolicyName: "call", PolicyDocument }));
  const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId = "", SecretAccessKey = "" } = AccessKey ?? {};
  return {
    right: { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey },
    revoke: () => client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })),
  };
}

onMiniStack("the deployed templates where TLS, roles and policies are evaluated", () => {
  test(
    "both flows come to the table with the permissions that their functions have",
    async () => {
      const on = await deployed();
      const { status, answer } = await post(on, "3c0001");
      expect(status).toBe(202);
      // its ledger comes after its rows
      await until(
        () => on.request(`/ingestions/${String(answer["id"])}`),
        (ingestion) => ingestion.answer["status"] === "loaded",
      );
      expect((await on.request("/aircraft/3c0001")).status).toBe(200);
      const stream = kinesisStream(kinesisClient(on.ministack.url), { name: on.stream });
      const to = producer(stream, { signal: new AbortController().signal, groups: 4 });
      await to.add(Buffer.from(JSON.stringify([goodRow({ icao24: "3d0001" }), { icao24: "zzz" }])), "application/json");
      await to.flush();
      await deliverAll({ stream, lambda: on.lambda, functionName: "flightline-consumer" });
      expect((await on.request("/aircraft/3d0001")).status).toBe(200);
      expect((await on.request(`/ingestions/r${"0".repeat(32)}`)).status).toBe(404);
      expect((await on.request("/flows")).answer).toMatchObject({
        flows: [
          { flow: "request", balanced: true, accepted: 1 },
          { flow: "stream", balanced: true, accepted: 1, rejected: 1 },
        ],
      });
    },
    TIMEOUT_MS,
  );
  test(
    "a signature opens the API, and without one, with a wrong or with a revoked one, it is shut",
    async () => {
      const on = await deployed({ settings: { auth: "iam" } });
      const file = path.join(await temporaryFolder(), "states.ndjson");
      writeFileSync(file, `${JSON.stringify(goodRow({ icao24: "3c0001" }))}\n`);
      const send = (env: Record<string, string>, ...args: string[]) =>
        flightline(["ingest", file, "--url", on.url, "--source", "mine", ...args], { env });
      const { right, revoke } = await newSender(on.apiId);
      expect(await send(right, "--sign", "us-east-1")).toMatchObject({ code: 0 });
      const wrong = await send({ ...right, AWS_SECRET_ACCESS_KEY: "another" }, "--sign", "us-east-1");
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/answered 403: .*signature/i) });
      const stranger = await send({ ...right, AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" }, "--sign", "us-east-1");
      expect(stranger).toMatchObject({ code: 1, stderr: expect.stringContaining("answered 403") });
      expect(await send(right)).toMatchObject({ code: 1, stderr: expect.stringContaining("answered 403") });
      await revoke();
      const revoked = await send(right, "--sign", "us-east-1");
      expect(revoked).toMatchObject({ code: 1, stderr: expect.stringContaining("answered 403") });
    },
    TIMEOUT_MS,
  );
  test(
    "a role whose prefixes are wrong is denied, and nothing is taken in",
    async () => {
      const on = await deployed({
        change(app) {
          const role = app.node.findAll().find((one) => one.node.path === "flightline-request/HandlerRole/Resource");
          if (!(role instanceof CfnRole)) throw new Error("there is no role of the handler");
          // the statement that names what the handler may put and get
          role.addPropertyOverride("Policies.0.PolicyDocument.Statement.2.Resource", "arn:aws:s3:::*/wrong/*");
        },
      });
      expect(await post(on, "3c0001")).toMatchObject({ status: 500, answer: { error: { code: "internal" } } });
      expect(await logOfPost(on)).toContain("AccessDenied");
      expect((await on.request("/aircraft/3c0001")).status).toBe(404);
    },
    TIMEOUT_MS,
  );
});
