import { expect, test } from "vitest";
import { goodRow } from "../harness/bodies.ts";
import { keysOf, startApi } from "./api-under-test.ts";

const request = async (url: string, path: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}/live/${path}`, init);
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
};
const POST = { method: "POST" };

test("replays the row of a key and an index, and refuses keys of other objects", async () => {
  const { url, adapters, post } = await startApi();
  await post(JSON.stringify([goodRow(), goodRow({ icao24: "zz" }), goodRow({ icao24: "yy" })]));
  const [key = ""] = await keysOf(adapters, "rejected/");
  const raw = (await keysOf(adapters, "raw/")).length;
  for (const wrong of [
    "",
    "raw/x.json",
    "rejected/../raw/x.json",
    `../${key}`,
    `${key}/..`,
    key.replace("rejected", "clean"),
    `${key}\0`,
    "a".repeat(2_000),
  ])
    expect((await request(url, `replay?key=${encodeURIComponent(wrong)}`, POST)).status, wrong.slice(0, 60)).toBe(404);
  expect((await request(url, `replay?key=${key}&index=1e9`, POST)).status).toBe(404);
  expect((await request(url, `replay?key=${key}&index=0`)).status).toBe(405);
  expect(await keysOf(adapters, "raw/")).toHaveLength(raw);
  const one = await request(url, `replay?key=${key}&index=1`, POST);
  expect(one).toEqual({ status: 200, answer: { rows: 1, cleaned: 0, rejected: 1 } });
  expect(await keysOf(adapters, "replayed/")).toHaveLength(0);
  const all = await request(url, `replay?key=${key}`, POST);
  expect(all.answer).toEqual({ rows: 2, cleaned: 0, rejected: 2 });
  expect(await keysOf(adapters, "replayed/")).toHaveLength(1);
  // the row that was already replayed is the same delivery
  expect(await keysOf(adapters, "raw/")).toHaveLength(raw + 2 * 2);
});

test("refuses requests from pages of other origins", async () => {
  const { url } = await startApi();
  for (const headers of [{ origin: "https://example.org" }, { origin: "null" }])
    expect((await request(url, "replay?all=true", { ...POST, headers })).status).toBe(403);
});

test("reports invalid times and aircraft that are not stored", async () => {
  const { url } = await startApi();
  for (const wrong of ["x", "-1", "1e3", "999999999999999"])
    expect(await request(url, `at/${wrong}`), wrong).toMatchObject({ status: 400, answer: { error: { path: "at" } } });
  expect(await request(url, "origin/abc123")).toMatchObject({ status: 404, answer: { error: { code: "not_found" } } });
  expect(await request(url, "origin/%27%3B--")).toMatchObject({ status: 404 });
  expect((await request(url, "nothing")).status).toBe(404);
  expect(await request(url, "oldest")).toEqual({ status: 200, answer: { oldest: null } });
});

test("returns the received data, the time of cleaning and the batch counts of a row, and of two duplicates the stored one", async () => {
  const { url, load, post, adapters } = await startApi();
  const twice = [goodRow({ callsign: "FIRST" }), goodRow({ callsign: "SECOND" })];
  const { answer } = await post(JSON.stringify([...twice, goodRow({ icao24: "zz" })]));
  await load();
  const [stored] = await adapters.reader!.aircraft({ icao24: "3c6444", limit: 1 });
  const origin = await request(url, "origin/3c6444");
  expect(origin.answer).toMatchObject({
    flow: "request",
    row: { batch_id: answer["id"] },
    ledger: { received: 3, accepted: 1, duplicate: 1, rejected: { bad_icao24: 1 } },
  });
  expect(JSON.parse(String(origin.answer["raw"]))).toMatchObject({ callsign: stored?.["callsign"] });
  expect(origin.answer["cleaned_at"]).toBeGreaterThan(1_700_000_000);
});
