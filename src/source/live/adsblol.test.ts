import { afterEach, expect, test } from "vitest";
import { fakeUpstream, runSource, type FakeUpstream } from "../../../test/harness/fake-upstream.ts";
import { adsblol } from "./adsblol.ts";

const body = '{"ac":[{"hex":"3c6444","lat":50.03,"lon":8.57,"seen":0.1,"seen_pos":0.3}],"now":1750000000123,"total":1}';
const frankfurt = { lat: 50.03, lon: 8.57, radius_nm: 250 };

let upstream: FakeUpstream | undefined;
afterEach(() => upstream?.close());

test("requests the aircraft around a point every ten seconds and names the license", async () => {
  upstream = await fakeUpstream(() => ({ body }));
  const options = { baseUrl: upstream.url, now: () => 1_750_000_000 };
  const run = await runSource(2, (effects) => adsblol({ ...frankfurt, ...options, ...effects }));
  expect(run.polls.map((poll) => [poll.source, Buffer.from(poll.body).toString()])).toEqual(
    [0, 1].map(() => ["adsblol", body]),
  );
  expect(run.waits).toEqual([10, 10]);
  expect(upstream.requests[0]?.path).toBe("/v2/point/50.03/8.57/250");
  expect(run.statuses[0]?.attribution).toContain("ODbL");
});

test("backs off while the service is down and gives no poll", async () => {
  upstream = await fakeUpstream(() => ({ status: 503, body }));
  const { url } = upstream;
  const run = await runSource(3, (effects) => adsblol({ ...frankfurt, ...effects, baseUrl: url, random: () => 0.5 }));
  expect(run.polls).toEqual([]);
  expect(run.waits).toEqual([1, 2, 4]);
  expect(run.statuses[2]).toMatchObject({ state: "stale", simulated: false, last_data: null });
});

test("waits as long as Retry-After of a 429 requests", async () => {
  upstream = await fakeUpstream(() => ({ status: 429, headers: { "retry-after": "75" } }));
  const { url } = upstream;
  const run = await runSource(1, (effects) => adsblol({ ...frankfurt, ...effects, baseUrl: url }));
  expect(run.waits).toEqual([75]);
});

test("refuses a point or a radius out of range", () => {
  expect(() => adsblol({ ...frankfurt, radius_nm: 251 })).toThrow("radius_nm: 251 is not a number from 1 to 250");
  expect(() => adsblol({ ...frankfurt, lat: Number.NaN })).toThrow("lat: NaN is not");
  expect(() => adsblol({ ...frankfurt, lon: 181 })).toThrow("lon: 181 is not");
});
