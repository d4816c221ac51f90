import { createServer as createHttp } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { PostError } from "../flow/request/post-body.ts";
import { postTo } from "./post.ts";

const INGESTED = { id: "r1", received: 1, cleaned: 1, rejected: {}, status: "/v1/ingestions/r1" };
const BODY = { body: Buffer.from("[]"), media_type: "application/json" };
const target = (url: string, signal = new AbortController().signal) => ({
  url,
  source: "mine",
  format: "ndjson" as const,
  key: "secret-key",
  region: undefined,
  signal,
});

interface ReceivedRequest {
  url: string | undefined;
  key: string | string[] | undefined;
  at_ms: number;
}

/** A server that gives these answers in order, and then repeats the last. */
async function answering(...answers: { status: number; text: string; headers?: Record<string, string> }[]) {
  const requests: ReceivedRequest[] = [];
  const server = createHttp((request, response) => {
    requests.push({ url: request.url, key: request.headers["x-api-key"], at_ms: Date.now() });
    const { status, text, headers } = answers[Math.min(requests.length, answers.length) - 1] ?? {
      status: 500,
      text: "",
    };
    response.writeHead(status, headers).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`, requests };
}

test("a temporary failure is retried after the delay in Retry-After", async () => {
  const { url, requests } = await answering(
    { status: 503, text: "{}", headers: { "retry-after": "1" } },
    { status: 429, text: "slow down" },
    { status: 202, text: JSON.stringify(INGESTED) },
  );
  expect(await postTo(target(url))(BODY)).toEqual(INGESTED);
  expect(requests.map((request) => [request.url, request.key])).toEqual(
    Array.from({ length: 3 }, () => ["/v1/states?format=ndjson&source=mine", "secret-key"]),
  );
  const [first, second] = requests;
  expect((second?.at_ms ?? 0) - (first?.at_ms ?? 0)).toBeGreaterThanOrEqual(990);
});

test("a permanent failure is reported at once, with the server's message and without the key", async () => {
  const api = await answering({ status: 403, text: JSON.stringify({ error: { message: "Forbidden" } }) });
  await expect(postTo(target(api.url))(BODY)).rejects.toThrow(`${api.url}states answered 403: Forbidden`);
  expect(api.requests).toHaveLength(1);
  const proxy = await answering({ status: 413, text: "<html>too large</html>" });
  await expect(postTo(target(proxy.url))(BODY)).rejects.toThrow("answered 413: <html>too large</html>");
});

test("a host that cannot be reached is named", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await expect(postTo(target(`http://127.0.0.1:${port}`))(BODY)).rejects.toThrow("cannot be reached");
});

test("a connection that is cut within an answer is a failure that names the host", async () => {
  const server = createServer((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{"));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(postTo(target(url))(BODY)).rejects.toThrow(PostError);
});

test("nothing is sent after the signal has aborted", async () => {
  const { url, requests } = await answering({ status: 202, text: JSON.stringify(INGESTED) });
  await expect(postTo(target(url, AbortSignal.abort()))(BODY)).rejects.toThrow("was not sent");
  expect(requests).toHaveLength(0);
});
