import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { signedHeaders } from "./signed-headers.ts";

const hash = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

test("a request is signed by Signature Version 4 over method, path, query, headers and body", async () => {
  process.env["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE";
  process.env["AWS_SECRET_ACCESS_KEY"] = "secret";
  const url = new URL("https://abc.execute-api.eu-central-1.amazonaws.com/v1/states?source=mine&format=csv");
  const body = Buffer.from("[]");
  const headers = await signedHeaders(url, { region: "eu-central-1", body, headers: { "content-type": "text/csv" } });
  const { authorization = "", "x-amz-date": date = "", "x-amz-content-sha256": bodyHash } = headers;
  expect(bodyHash).toBe(hash(body));
  const [, scope = "", names = "", signature] =
    /Credential=AKIDEXAMPLE\/(\S+), SignedHeaders=(\S+), Signature=(\w+)/.exec(authorization) ?? [];
  expect(scope).toBe(`${date.slice(0, 8)}/eu-central-1/execute-api/aws4_request`);
  const all: Record<string, string | undefined> = { ...headers, host: url.hostname };
  const lines = names.split(";").map((name) => `${name}:${all[name]}\n`);
  const canonical = ["POST", url.pathname, "format=csv&source=mine", lines.join(""), names, hash(body)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((secret, part) => hmac(secret, part), "AWS4secret");
  expect(signature).toBe(hmac(key, ["AWS4-HMAC-SHA256", date, scope, hash(canonical)].join("\n")).toString("hex"));
  expect(names.split(";")).toContain("host");
});
