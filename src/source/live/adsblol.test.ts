import { afterEach, expect, test } from "vitest";
import { fakeUpstream, runSource, type Upstream } from "../../../test/harness/fake-upstream.ts";
import { adsblol } from "./adsblol.ts";

const body = '{"ac":[{"hex":"3c6444","lat":50.03,"lon":8.57,"seen":0.1,"seen_pos":0.3}],"now":1750000000123,"total":1}';
const frankfurt = { lat: 50.03, lon: 8.57, radius_nm: 250 };

let upstream: Upstream | undefined;
afterEach(() => upstream?.close());

test("asks for the aircraft around a point every ten seconds and names the licence", async () => {
  upstream = await fakeUpstream(() => ({ body }));
  const around = { baseUrl: upstream.url, now: () => 1_750_000_000 };
  const run = await runSource(2, (sleep) => adsblol({ ...frankfurt, ...around, ...sleep }));
  expect(run.polls.map((poll) => [poll.source, Buffer.from(poll.body).toString()])).toEqual(
    [0, 1].map(() => ["adsblol", body]),
  );
  expect(run.waits).toEqual([10, 10]);
  expect(upstream.seen[0]?.path).toBe("/v2/point/50.03/8.57/250");
  expect(run.statuses[0]?.attribution).toContain("ODbL");
});

test("backs off while the service is down and passes nothing on", async () => {
  upstream = await fakeUpstream(() => ({ status: 503, body }));
  const { url } = upstream;
  const run = await runSource(3, (sleep) => adsblol({ ...frankfurt, ...sleep, baseUrl: url, random: () => 0.5 }));
  expect(run.polls).toEqual([]);
  expect(run.waits).toEqual([1, 2, 4]);
  expect(run.statuses[2]).toMatchObject({ state: "stale", simulated: false, last_data: null });
});

test("heeds Retry-After of a 429", async () => {
  upstream = await fakeUpstream(() => ({ status: 429, headers: { "retry-after": "75" } }));
  const { url } = upstream;
  const run = await runSource(1, (sleep) => adsblol({ ...frankfurt, ...sleep, baseUrl: url }));
  expect(run.waits).toEqual([75]);
});

test("refuses a point or a radius that the service does not know", () => {
  expect(() => adsblol({ ...frankfurt, radius_nm: 251 })).toThrow("radius_nm: 251 is not a number from 1 to 250");
  expect(() => adsblol({ ...frankfurt, lat: Number.NaN })).toThrow("lat: NaN is not");
  expect(() => adsblol({ ...frankfurt, lon: 181 })).toThrow("lon: 181 is not");
});
