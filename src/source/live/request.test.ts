import { afterEach, expect, test } from "vitest";
import { fakeUpstream, type Upstream } from "../../../test/harness/fake-upstream.ts";
import { request, UpstreamError, type Fetch, type Request } from "./request.ts";

const open: Upstream[] = [];
afterEach(() => {
  for (const upstream of open.splice(0)) upstream.close();
});
const options = (of: Partial<Request> = {}): Request => ({
  headers: { authorization: "Bearer t", accept: "application/json" },
  fetch,
  timeout_s: 5,
  signal: new AbortController().signal,
  ...of,
});

/** A fetch that answers each address with a redirect, or with `ok`, and keeps what it was asked. */
function redirecting(to: Record<string, string>) {
  const asked: { url: string; authorization: string | null }[] = [];
  const fake: Fetch = async (input, init) => {
    const url = input instanceof URL ? input.href : "";
    asked.push({ url, authorization: new Headers(init?.headers).get("authorization") });
    const location = to[url];
    return location === undefined ? new Response("ok") : new Response(null, { status: 307, headers: { location } });
  };
  return { asked, fetch: fake };
}

test("follows a redirect on the same host, with its authorization", async () => {
  const upstream = await fakeUpstream(({ path }) =>
    path === "/old" ? { status: 302, headers: { location: "/new" } } : { body: "here" },
  );
  open.push(upstream);
  const reply = await request(new URL(`${upstream.url}/old`), options());
  expect(Buffer.from(reply.body).toString()).toBe("here");
  expect(upstream.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ["/old", "Bearer t"],
    ["/new", "Bearer t"],
  ]);
});

test("follows a redirect to https elsewhere without the authorization, also on the way back", async () => {
  const web = redirecting({ "https://a.example/": "https://b.example/", "https://b.example/": "https://a.example/x" });
  await request(new URL("https://a.example/"), options({ fetch: web.fetch }));
  expect(web.asked).toEqual([
    { url: "https://a.example/", authorization: "Bearer t" },
    { url: "https://b.example/", authorization: null },
    { url: "https://a.example/x", authorization: null },
  ]);
});

test.each([
  ["another host without https", "http://b.example/"],
  ["the same host without https", "http://a.example/"],
  ["a file", "file:///etc/passwd"],
  ["nowhere", "https://"],
])("does not follow a redirect to %s", async (_, location) => {
  const web = redirecting({ "https://a.example/": location });
  await expect(request(new URL("https://a.example/"), options({ fetch: web.fetch }))).rejects.toThrow(
    /^a\.example: redirect to .* not followed$/,
  );
  expect(web.asked).toHaveLength(1);
});

test("does not send a form to where a redirect points", async () => {
  const web = redirecting({ "https://a.example/": "https://b.example/" });
  const post = options({ fetch: web.fetch, method: "POST", body: "client_secret=x" });
  await expect(request(new URL("https://a.example/"), post)).rejects.toThrow(UpstreamError);
  expect(web.asked).toHaveLength(1);
});

test("gives up on redirects in a ring", async () => {
  const web = redirecting({ "https://a.example/": "https://a.example/" });
  await expect(request(new URL("https://a.example/"), options({ fetch: web.fetch }))).rejects.toThrow("redirects");
});

test("gives up on an answer that does not end growing", async () => {
  const block = new Uint8Array(8 * 1024 * 1024);
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(block) });
  const fake: Fetch = async () => new Response(endless);
  await expect(request(new URL("https://a.example/"), options({ fetch: fake }))).rejects.toThrow("answer above");
});
