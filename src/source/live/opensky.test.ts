import { afterEach, expect, test } from "vitest";
import { fakeUpstream, runSource, type Answer, type Seen, type Upstream } from "../../../test/harness/fake-upstream.ts";
import { opensky, openskyInterval } from "./opensky.ts";

const states = '{"time":1750000000,"states":[["4b1812","SWR1    ","Switzerland",1750000000,1750000000,8.5,47.4,null]]}';
const credentials = { clientId: "someone", clientSecret: "a secret" };
const tokenPath = "/token";

const open: Upstream[] = [];
afterEach(() => {
  for (const upstream of open.splice(0)) upstream.close();
});

async function upstreamOf(answer: (seen: Seen, states: number, tokens: number) => Answer) {
  let asked = 0;
  let tokens = 0;
  const upstream = await fakeUpstream((seen) => {
    if (seen.path === tokenPath) tokens++;
    else asked++;
    return answer(seen, asked, tokens);
  });
  open.push(upstream);
  return {
    ...upstream,
    at: { baseUrl: `${upstream.url}/api`, tokenUrl: upstream.url + tokenPath, now: () => 1_750_000_000.5 },
  };
}
const bodies = (polls: { body: Uint8Array }[]) => polls.map(({ body }) => Buffer.from(body).toString());

test("asks without credentials at the pace of anonymous credits and passes the body on as it came", async () => {
  const upstream = await upstreamOf(() => ({ body: states, headers: { "x-rate-limit-remaining": "396" } }));
  const run = await runSource(2, (around) => opensky({ ...upstream.at, ...around }));
  expect(bodies(run.polls)).toEqual([states, states]);
  expect(run.polls[0]).toMatchObject({ source: "opensky", media_type: "application/json" });
  expect(run.waits).toEqual([864, 864]);
  expect(upstream.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual(
    [0, 1].map(() => ["/api/states/all?extended=1", undefined]),
  );
  expect(run.statuses[0]).toMatchObject({ state: "live", last_data: 1_750_000_000, message: "396 credits left today" });
  expect(run.statuses[0]?.attribution).toContain("The OpenSky Network");
  expect(run.statuses.at(-1)?.state).toBe("ended");
});

test("fetches one token for many requests, with the credentials in the form", async () => {
  const upstream = await upstreamOf((seen) =>
    seen.path === tokenPath ? { body: '{"access_token":"t1","expires_in":1800}' } : { body: states },
  );
  const run = await runSource(3, (around) => opensky({ ...upstream.at, ...around, credentials }));
  expect(run.polls).toHaveLength(3);
  expect(run.waits[0]).toBeCloseTo(86.4);
  expect(upstream.seen.map(({ path }) => path).filter((path) => path === tokenPath)).toHaveLength(1);
  expect(upstream.seen[0]?.body).toBe("grant_type=client_credentials&client_id=someone&client_secret=a+secret");
  expect(upstream.seen[1]?.headers.authorization).toBe("Bearer t1");
});

test("fetches a new token when the old one has lived half an hour", async () => {
  const upstream = await upstreamOf((seen, _, tokens) =>
    seen.path === tokenPath ? { body: `{"access_token":"t${tokens}","expires_in":86400}` } : { body: states },
  );
  let time = 1_750_000_000;
  const now = () => (time += 700);
  await runSource(4, (around) => opensky({ ...upstream.at, ...around, credentials, now }));
  expect(upstream.seen.filter(({ path }) => path === tokenPath).length).toBeGreaterThan(1);
});

test("on a 401 fetches a new token and asks once more", async () => {
  const upstream = await upstreamOf((seen, _, tokens) => {
    if (seen.path === tokenPath) return { body: `{"access_token":"t${tokens}","expires_in":1800}` };
    return seen.headers.authorization === "Bearer t2" ? { body: states } : { status: 401 };
  });
  const run = await runSource(1, (around) => opensky({ ...upstream.at, ...around, credentials }));
  expect(bodies(run.polls)).toEqual([states]);
  expect(upstream.seen).toHaveLength(4);
});

test("says that credentials are refused, without telling them, and gives nothing", async () => {
  const upstream = await upstreamOf(() => ({ status: 401, body: '{"error":"a secret"}' }));
  const run = await runSource(1, (around) => opensky({ ...upstream.at, ...around, credentials }));
  expect(run.polls).toEqual([]);
  expect(run.statuses[0]?.message).toContain("answered 401 (credentials refused)");
  expect(run.statuses[0]?.message).not.toContain("a secret");
});

test.each(["42", "40000"])("waits the %s seconds that a 429 asks for, and is stale meanwhile", async (seconds) => {
  const upstream = await upstreamOf((_, asked) =>
    asked === 2 ? { status: 429, headers: { "x-rate-limit-retry-after-seconds": seconds } } : { body: states },
  );
  const run = await runSource(3, (around) => opensky({ ...upstream.at, ...around }));
  expect(run.waits).toEqual([864, Number(seconds), 864]);
  expect(run.polls).toHaveLength(2);
  expect(run.statuses.map(({ state }) => state)).toEqual(["live", "stale", "live", "ended"]);
  expect(run.statuses[1]?.message).toContain("stale since 2025-06-15T15:06:40Z: opensky answered 429");
  expect(run.statuses[1]?.last_data).toBe(1_750_000_000);
});

test("waits no longer than a day, whatever a 429 asks for", async () => {
  const headers = { "x-rate-limit-retry-after-seconds": "999999999" };
  const upstream = await upstreamOf(() => ({ status: 429, headers }));
  const run = await runSource(1, (around) => opensky({ ...upstream.at, ...around }));
  expect(run.waits).toEqual([86_400]);
});

test("waits an interval after a 429 that does not say how long", async () => {
  const upstream = await upstreamOf(() => ({ status: 429, headers: { "retry-after": "soon" } }));
  const run = await runSource(1, (around) => opensky({ ...upstream.at, ...around, interval_s: 30 }));
  expect(run.waits).toEqual([30]);
});

test.each([500, 503, 403])(
  "backs off with jitter while the answer is %i, up to five minutes, and recovers",
  async (status) => {
    const upstream = await upstreamOf((_, asked) => (asked <= 9 ? { status, body: states } : { body: states }));
    const run = await runSource(10, (around) => opensky({ ...upstream.at, ...around, random: () => 0.5 }));
    expect(run.waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 150, 864]);
    expect(run.polls).toHaveLength(1);
    expect(run.statuses[8]).toMatchObject({ state: "stale", last_data: null });
    expect(run.statuses[8]?.message).toMatch(
      /^stale since 2025-06-15T15:06:40Z: opensky answered \d+.*; next request at /,
    );
    expect(run.statuses[9]?.state).toBe("live");
  },
);

test.each([
  ["a page", "<html>maintenance</html>", "opensky answered what is not JSON"],
  ["nothing", "", "opensky answered what is not JSON"],
  ["half a body", states.slice(0, 60), "opensky answered what is not JSON"],
  ["an error as JSON", '{"error":"later"}', "opensky answered JSON without a list states"],
  ["a number", "7", "opensky answered JSON without a list states"],
])("does not pass %s on", async (_, body, message) => {
  const upstream = await upstreamOf(() => ({ body, headers: { "content-type": "text/html" } }));
  const run = await runSource(1, (around) => opensky({ ...upstream.at, ...around }));
  expect(run.polls).toEqual([]);
  expect(run.statuses[0]?.message).toContain(message);
});

test("passes states on that are null: nobody is there", async () => {
  const empty = '{"time":1750000000,"states":null}';
  const upstream = await upstreamOf(() => ({ body: empty }));
  const run = await runSource(1, (around) => opensky({ ...upstream.at, ...around }));
  expect(bodies(run.polls)).toEqual([empty]);
  expect(run.statuses[0]?.state).toBe("live");
});

test("gives up on a body that does not end, and on a server that is not there", async () => {
  const upstream = await upstreamOf(() => ({ body: states.slice(0, 40), stall: true }));
  const slow = await runSource(1, (around) => opensky({ ...upstream.at, ...around, timeout_s: 0.2 }));
  expect(slow.polls).toEqual([]);
  expect(slow.statuses[0]?.message).toContain("no answer within 0.2 s");
  upstream.close();
  const gone = await runSource(1, (around) => opensky({ ...upstream.at, ...around }));
  expect(gone.statuses[0]?.message).toContain("ECONNREFUSED");
});

test.each([
  ["a request", 0.01],
  ["a wait", 3_600],
])("ends within a moment when it is stopped in %s", async (_, interval_s) => {
  const upstream = await upstreamOf((_seen, asked) => ({ body: states, stall: asked > 1 }));
  const end = new AbortController();
  // nothing but the stop ends what is waited for
  const source = opensky({ ...upstream.at, interval_s, timeout_s: 3_600, now: () => Date.now() / 1_000 });
  for await (const poll of source.polls(end.signal)) {
    expect(poll.source).toBe("opensky");
    setTimeout(() => end.abort(), 100);
  }
  expect(source.status().state).toBe("ended");
});

test("asks for a box with its sides, and pays for its area", async () => {
  const box = { lamin: 45.5, lomin: 5, lamax: 48, lomax: 11 };
  const upstream = await upstreamOf(() => ({ body: states }));
  const run = await runSource(1, (around) => opensky({ ...upstream.at, ...around, box }));
  expect(upstream.seen[0]?.path).toBe("/api/states/all?extended=1&lamin=45.5&lomin=5&lamax=48&lomax=11");
  expect(run.waits).toEqual([216]);
  const intervals = [2.5, 10, 40, 41].map((lomax) => openskyInterval(true, { lamin: 0, lomin: 0, lamax: 10, lomax }));
  expect(intervals).toEqual([21.6, 43.2, 64.8, 86.4]);
});

test("refuses a box that is none and an interval of nothing", () => {
  expect(() => opensky({ box: { lamin: 48, lomin: 5, lamax: 45, lomax: 11 } })).toThrow("box: 48,5,45,11 is not");
  expect(() => opensky({ interval_s: 0 })).toThrow("interval_s: 0 is not a number above 0");
});
