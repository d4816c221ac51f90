import { afterEach, expect, test } from "vitest";
import { fakeUpstream, type FakeUpstream } from "../../../test/harness/fake-upstream.ts";
import { request, UpstreamError, type Fetch, type RequestOptions } from "./request.ts";

const open: FakeUpstream[] = [];
afterEach(() => {
  for (const upstream of open.splice(0)) upstream.close();
});
const options = (changes: Partial<RequestOptions> = {}): RequestOptions => ({
  headers: { authorization: "Bearer t", accept: "application/json" },
  fetch,
  timeout_s: 5,
  signal: new AbortController().signal,
  ...changes,
});

/**
 * A fetch that redirects from each key of `targets` to its value, responds `ok` elsewhere, and records its requests.
 */
function redirecting(targets: Record<string, string>) {
  const requests: { url: string; authorization: string | null }[] = [];
  const fake: Fetch = async (input, init) => {
    const url = input instanceof URL ? input.href : "";
    requests.push({ url, authorization: new Headers(init?.headers).get("authorization") });
    const location = targets[url];
    return location === undefined ? new Response("ok") : new Response(null, { status: 307, headers: { location } });
  };
  return { requests, fetch: fake };
}

test("follows a redirect on the same host, with its authorization", async () => {
  const upstream = await fakeUpstream(({ path }) =>
    path === "/old" ? { status: 302, headers: { location: "/new" } } : { body: "here" },
  );
  open.push(upstream);
  const reply = await request(new URL(`${upstream.url}/old`), options());
  expect(Buffer.from(reply.body).toString()).toBe("here");
  expect(upstream.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ["/old", "Bearer t"],
    ["/new", "Bearer t"],
  ]);
});

test("removes the authorization on a redirect to another https origin, also for the way back", async () => {
  const web = redirecting({ "https://a.example/": "https://b.example/", "https://b.example/": "https://a.example/x" });
  await request(new URL("https://a.example/"), options({ fetch: web.fetch }));
  expect(web.requests).toEqual([
    { url: "https://a.example/", authorization: "Bearer t" },
    { url: "https://b.example/", authorization: null },
    { url: "https://a.example/x", authorization: null },
  ]);
});

test.each([
  ["another host without https", "http://b.example/"],
  ["the same host without https", "http://a.example/"],
  ["a file", "file:///etc/passwd"],
  ["an invalid URL", "https://"],
])("does not follow a redirect to %s", async (_, location) => {
  const web = redirecting({ "https://a.example/": location });
  await expect(request(new URL("https://a.example/"), options({ fetch: web.fetch }))).rejects.toThrow(
    /^a\.example: redirect of a GET to .* refused; a GET may go to https or to the same host$/,
  );
  expect(web.requests).toHaveLength(1);
});

test("does not follow a redirect of a POST", async () => {
  const web = redirecting({ "https://a.example/": "https://b.example/" });
  const post = options({ fetch: web.fetch, method: "POST", body: "client_secret=x" });
  await expect(request(new URL("https://a.example/"), post)).rejects.toThrow(UpstreamError);
  expect(web.requests).toHaveLength(1);
});

test("gives up on a redirect loop", async () => {
  const web = redirecting({ "https://a.example/": "https://a.example/" });
  await expect(request(new URL("https://a.example/"), options({ fetch: web.fetch }))).rejects.toThrow("redirects");
});

test("gives up on a response that grows without end", async () => {
  const block = new Uint8Array(8 * 1024 * 1024);
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(block) });
  const fake: Fetch = async () => new Response(endless);
  await expect(request(new URL("https://a.example/"), options({ fetch: fake }))).rejects.toThrow(
    "the response is larger than 67108864 bytes",
  );
});
