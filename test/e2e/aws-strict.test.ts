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

async function deployStrict(options: CoreOptions = {}): Promise<Deployed> {
  const aws = await deployCore({ strict: true, ...options });
  onTestFinished(() => aws.ministack.stop());
  return aws;
}
const post = (aws: Deployed, icao24: string) =>
  aws.request("/states?source=opensky", { method: "POST", body: JSON.stringify([goodRow({ icao24 })]) });

/** The handler's log of a POST request. */
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

/** Creates a user with an access key and the permission to call the API. */
async function newClient(apiId: string) {
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
    credentials: { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey },
    revoke: () => client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })),
  };
}

onMiniStack("the deployed templates with TLS and evaluated roles and policies", () => {
  test(
    "both flows reach the table with the permissions of their functions",
    async () => {
      const aws = await deployStrict();
      const { status, answer } = await post(aws, "3c0001");
      expect(status).toBe(202);
      // the ledger item is written after the rows
      await until(
        () => aws.request(`/ingestions/${String(answer["id"])}`),
        (ingestion) => ingestion.answer["status"] === "loaded",
      );
      expect((await aws.request("/aircraft/3c0001")).status).toBe(200);
      const stream = kinesisStream(kinesisClient(aws.ministack.url), { name: aws.stream });
      const producing = producer(stream, { signal: new AbortController().signal, groups: 4 });
      await producing.add(
        Buffer.from(JSON.stringify([goodRow({ icao24: "3d0001" }), { icao24: "zzz" }])),
        "application/json",
      );
      await producing.flush();
      await deliverAll({ stream, lambda: aws.lambda, functionName: "flightline-consumer" });
      expect((await aws.request("/aircraft/3d0001")).status).toBe(200);
      expect((await aws.request(`/ingestions/r${"0".repeat(32)}`)).status).toBe(404);
      expect((await aws.request("/flows")).answer).toMatchObject({
        flows: [
          { flow: "request", balanced: true, accepted: 1 },
          { flow: "stream", balanced: true, accepted: 1, rejected: 1 },
        ],
      });
    },
    TIMEOUT_MS,
  );
  test(
    "the API accepts a valid signature and refuses a missing, wrong or revoked one",
    async () => {
      const aws = await deployStrict({ settings: { auth: "iam" } });
      const file = path.join(await temporaryFolder(), "states.ndjson");
      writeFileSync(file, `${JSON.stringify(goodRow({ icao24: "3c0001" }))}\n`);
      const send = (env: Record<string, string>, ...args: string[]) =>
        flightline(["ingest", file, "--url", aws.url, "--source", "mine", ...args], { env });
      const { credentials, revoke } = await newClient(aws.apiId);
      expect(await send(credentials, "--sign", "us-east-1")).toMatchObject({ code: 0 });
      const wrong = await send({ ...credentials, AWS_SECRET_ACCESS_KEY: "another" }, "--sign", "us-east-1");
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/answered 403: .*signature/i) });
      const unknown = await send({ ...credentials, AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" }, "--sign", "us-east-1");
      expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining("answered 403") });
      expect(await send(credentials)).toMatchObject({ code: 1, stderr: expect.stringContaining("answered 403") });
      await revoke();
      const revoked = await send(credentials, "--sign", "us-east-1");
      expect(revoked).toMatchObject({ code: 1, stderr: expect.stringContaining("answered 403") });
    },
    TIMEOUT_MS,
  );
  test(
    "a role with wrong prefixes is denied access, and no row is stored",
    async () => {
      const aws = await deployStrict({
        change(app) {
          const role = app.node
            .findAll()
            .find((construct) => construct.node.path === "flightline-request/HandlerRole/Resource");
          if (!(role instanceof CfnRole))
            throw new Error("the app has no role at flightline-request/HandlerRole/Resource");
          // the statement with the objects that the handler may put and get
          role.addPropertyOverride("Policies.0.PolicyDocument.Statement.2.Resource", "arn:aws:s3:::*/wrong/*");
        },
      });
      expect(await post(aws, "3c0001")).toMatchObject({ status: 500, answer: { error: { code: "internal" } } });
      expect(await logOfPost(aws)).toContain("AccessDenied");
      expect((await aws.request("/aircraft/3c0001")).status).toBe(404);
    },
    TIMEOUT_MS,
  );
});
