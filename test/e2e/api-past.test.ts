import { expect, test } from "vitest";
import { goodRow } from "../harness/bodies.ts";
import { startApi } from "./api-under-test.ts";

const T = 1_700_000_000;
const at = (icao24: string, seconds: number, longitude: number) =>
  goodRow({ icao24, last_contact: T + seconds, time_position: T + seconds, longitude });

test("the API answers a past time and a thinned history, and rejects unsupported combinations", async () => {
  const { url, load, post } = await startApi();
  await post(JSON.stringify([...[0, 10, 20, 30, 40].map((s) => at("000001", s, s)), at("000002", 35, 7)]));
  await load();
  const get = async (path: string) => {
    const response = await fetch(`${url}/v1/${path}`);
    return { status: response.status, answer: (await response.json()) as Record<string, Record<string, unknown>[]> };
  };
  const past = await get(`aircraft?at=${T + 25}`);
  expect(past.answer["aircraft"]?.map(({ icao24, longitude }) => [icao24, longitude])).toEqual([["000001", 20]]);
  expect((await get(`aircraft?at=${T + 341}`)).answer["aircraft"]).toEqual([]);
  const thinned = await get("states?icao24=000001&every=20");
  expect(thinned.answer["states"]?.map((row) => Number(row["last_contact"]) - T)).toEqual([0, 20, 40]);
  expect((await get(`states?from=${T}&to=${T + 60}&every=100`)).answer["states"]).toHaveLength(2);
  for (const wrong of ["states?every=60", "states?icao24=000001&every=0", "aircraft?at=x", `states?from=${T}&every=60`])
    expect((await get(wrong)).status, wrong).toBe(400);
  const cursor = Buffer.from(JSON.stringify([T, "000001", "opensky", null])).toString("base64url");
  expect((await get(`states?icao24=000001&cursor=${cursor}`)).status).toBe(200);
  expect(await get(`states?icao24=000001&every=20&cursor=${cursor}`)).toMatchObject({
    status: 400,
    answer: { error: { path: "cursor" } },
  });
});
