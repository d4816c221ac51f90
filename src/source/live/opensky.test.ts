import { afterEach, expect, test } from "vitest";
import {
  fakeUpstream,
  runSource,
  type FakeResponse,
  type FakeUpstream,
  type ReceivedRequest,
} from "../../../test/harness/fake-upstream.ts";
import { opensky, openskyInterval } from "./opensky.ts";

const states = '{"time":1750000000,"states":[["4b1812","SWR1    ","Switzerland",1750000000,1750000000,8.5,47.4,null]]}';
const credentials = { clientId: "someone", clientSecret: "a secret" };
const tokenPath = "/token";

const open: FakeUpstream[] = [];
afterEach(() => {
  for (const upstream of open.splice(0)) upstream.close();
});

/** The counts include this request. */
type Respond = (request: ReceivedRequest, stateRequests: number, tokenRequests: number) => FakeResponse;

async function startUpstream(respond: Respond) {
  let stateRequests = 0;
  let tokenRequests = 0;
  const upstream = await fakeUpstream((request) => {
    if (request.path === tokenPath) tokenRequests++;
    else stateRequests++;
    return respond(request, stateRequests, tokenRequests);
  });
  open.push(upstream);
  return {
    ...upstream,
    options: { baseUrl: `${upstream.url}/api`, tokenUrl: upstream.url + tokenPath, now: () => 1_750_000_000.5 },
  };
}
const bodies = (polls: { body: Uint8Array }[]) => polls.map(({ body }) => Buffer.from(body).toString());

test("polls without credentials at the rate of anonymous credits and passes the body on unchanged", async () => {
  const upstream = await startUpstream(() => ({ body: states, headers: { "x-rate-limit-remaining": "396" } }));
  const run = await runSource(2, (effects) => opensky({ ...upstream.options, ...effects }));
  expect(bodies(run.polls)).toEqual([states, states]);
  expect(run.polls[0]).toMatchObject({ source: "opensky", media_type: "application/json" });
  expect(run.waits).toEqual([864, 864]);
  expect(upstream.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual(
    [0, 1].map(() => ["/api/states/all?extended=1", undefined]),
  );
  expect(run.statuses[0]).toMatchObject({ state: "live", last_data: 1_750_000_000, message: "396 credits left today" });
  expect(run.statuses[0]?.attribution).toContain("The OpenSky Network");
  expect(run.statuses.at(-1)?.state).toBe("ended");
});

test("fetches one token for many requests, with the credentials in the form", async () => {
  const upstream = await startUpstream((request) =>
    request.path === tokenPath ? { body: '{"access_token":"t1","expires_in":1800}' } : { body: states },
  );
  const run = await runSource(3, (effects) => opensky({ ...upstream.options, ...effects, credentials }));
  expect(run.polls).toHaveLength(3);
  expect(run.waits[0]).toBeCloseTo(86.4);
  expect(upstream.requests.map(({ path }) => path).filter((path) => path === tokenPath)).toHaveLength(1);
  expect(upstream.requests[0]?.body).toBe("grant_type=client_credentials&client_id=someone&client_secret=a+secret");
  expect(upstream.requests[1]?.headers.authorization).toBe("Bearer t1");
});

test("fetches a new token after half an hour", async () => {
  const upstream = await startUpstream((request, _, tokens) =>
    request.path === tokenPath ? { body: `{"access_token":"t${tokens}","expires_in":86400}` } : { body: states },
  );
  let time = 1_750_000_000;
  const now = () => (time += 700);
  await runSource(4, (effects) => opensky({ ...upstream.options, ...effects, credentials, now }));
  expect(upstream.requests.filter(({ path }) => path === tokenPath).length).toBeGreaterThan(1);
});

test("fetches a new token after a 401 and repeats the request once", async () => {
  const upstream = await startUpstream((request, _, tokens) => {
    if (request.path === tokenPath) return { body: `{"access_token":"t${tokens}","expires_in":1800}` };
    return request.headers.authorization === "Bearer t2" ? { body: states } : { status: 401 };
  });
  const run = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects, credentials }));
  expect(bodies(run.polls)).toEqual([states]);
  expect(upstream.requests).toHaveLength(4);
});

test("reports refused credentials without a secret, and gives no poll", async () => {
  const upstream = await startUpstream(() => ({ status: 401, body: '{"error":"a secret"}' }));
  const run = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects, credentials }));
  expect(run.polls).toEqual([]);
  expect(run.statuses[0]?.message).toContain("answered 401 (credentials refused)");
  expect(run.statuses[0]?.message).not.toContain("a secret");
});

test.each(["42", "40000"])("waits the %s seconds that a 429 requests, stale until then", async (seconds) => {
  const upstream = await startUpstream((_, count) =>
    count === 2 ? { status: 429, headers: { "x-rate-limit-retry-after-seconds": seconds } } : { body: states },
  );
  const run = await runSource(3, (effects) => opensky({ ...upstream.options, ...effects }));
  expect(run.waits).toEqual([864, Number(seconds), 864]);
  expect(run.polls).toHaveLength(2);
  expect(run.statuses.map(({ state }) => state)).toEqual(["live", "stale", "live", "ended"]);
  expect(run.statuses[1]?.message).toContain("stale since 2025-06-15T15:06:40Z: opensky answered 429");
  expect(run.statuses[1]?.last_data).toBe(1_750_000_000);
});

test("waits at most a day after a 429", async () => {
  const headers = { "x-rate-limit-retry-after-seconds": "999999999" };
  const upstream = await startUpstream(() => ({ status: 429, headers }));
  const run = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects }));
  expect(run.waits).toEqual([86_400]);
});

test("waits one interval after a 429 without a number of seconds", async () => {
  const upstream = await startUpstream(() => ({ status: 429, headers: { "retry-after": "soon" } }));
  const run = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects, interval_s: 30 }));
  expect(run.waits).toEqual([30]);
});

test.each([500, 503, 403])(
  "backs off with jitter up to five minutes while the status is %i, and recovers",
  async (status) => {
    const upstream = await startUpstream((_, count) => (count <= 9 ? { status, body: states } : { body: states }));
    const run = await runSource(10, (effects) => opensky({ ...upstream.options, ...effects, random: () => 0.5 }));
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
  ["an HTML page", "<html>maintenance</html>", "opensky sent a body that is not JSON"],
  ["an empty body", "", "opensky sent a body that is not JSON"],
  ["half a body", states.slice(0, 60), "opensky sent a body that is not JSON"],
  ["an error as JSON", '{"error":"later"}', 'opensky sent JSON without the list "states"'],
  ["a number", "7", 'opensky sent JSON without the list "states"'],
])("does not pass %s on", async (_, body, message) => {
  const upstream = await startUpstream(() => ({ body, headers: { "content-type": "text/html" } }));
  const run = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects }));
  expect(run.polls).toEqual([]);
  expect(run.statuses[0]?.message).toContain(message);
});

test("passes on a response without aircraft, in which states is null", async () => {
  const empty = '{"time":1750000000,"states":null}';
  const upstream = await startUpstream(() => ({ body: empty }));
  const run = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects }));
  expect(bodies(run.polls)).toEqual([empty]);
  expect(run.statuses[0]?.state).toBe("live");
});

test("gives up on a body that does not end, and on a server that does not run", async () => {
  const upstream = await startUpstream(() => ({ body: states.slice(0, 40), stall: true }));
  const slow = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects, timeout_s: 0.2 }));
  expect(slow.polls).toEqual([]);
  expect(slow.statuses[0]?.message).toContain("no answer within 0.2 s");
  upstream.close();
  const refused = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects }));
  expect(refused.statuses[0]?.message).toContain("ECONNREFUSED");
});

test.each([
  ["a request", 0.01],
  ["a wait", 3_600],
])("ends soon when it is stopped during %s", async (_, interval_s) => {
  const upstream = await startUpstream((_, count) => ({ body: states, stall: count > 1 }));
  const end = new AbortController();
  // only the abort can end the pending request or wait
  const source = opensky({ ...upstream.options, interval_s, timeout_s: 3_600, now: () => Date.now() / 1_000 });
  for await (const poll of source.polls(end.signal)) {
    expect(poll.source).toBe("opensky");
    setTimeout(() => end.abort(), 100);
  }
  expect(source.status().state).toBe("ended");
});

test("requests a box by its sides, at the interval that its area costs", async () => {
  const box = { lamin: 45.5, lomin: 5, lamax: 48, lomax: 11 };
  const upstream = await startUpstream(() => ({ body: states }));
  const run = await runSource(1, (effects) => opensky({ ...upstream.options, ...effects, box }));
  expect(upstream.requests[0]?.path).toBe("/api/states/all?extended=1&lamin=45.5&lomin=5&lamax=48&lomax=11");
  expect(run.waits).toEqual([216]);
  const intervals = [2.5, 10, 40, 41].map((lomax) => openskyInterval(true, { lamin: 0, lomin: 0, lamax: 10, lomax }));
  expect(intervals).toEqual([21.6, 43.2, 64.8, 86.4]);
});

test("refuses an invalid box and an interval of 0", () => {
  expect(() => opensky({ box: { lamin: 48, lomin: 5, lamax: 45, lomax: 11 } })).toThrow("box: 48,5,45,11 is not");
  expect(() => opensky({ interval_s: 0 })).toThrow("interval_s: 0 is not a number above 0");
});
