import { expect, test } from "vitest";
import { keysOf, startApi } from "./api-world.ts";
import { goodRow } from "../harness/bodies.ts";

const ask = async (url: string, path: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}/live/${path}`, init);
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
};
const POST = { method: "POST" };

test("replays what a key and an index name, and nothing that is no rejected object", async () => {
  const { url, world, post } = await startApi();
  await post(JSON.stringify([goodRow(), goodRow({ icao24: "zz" }), goodRow({ icao24: "yy" })]));
  const [key = ""] = await keysOf(world, "rejected/");
  const raw = (await keysOf(world, "raw/")).length;
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
    expect((await ask(url, `replay?key=${encodeURIComponent(wrong)}`, POST)).status, wrong.slice(0, 60)).toBe(404);
  expect((await ask(url, `replay?key=${key}&index=1e9`, POST)).status).toBe(404);
  expect((await ask(url, `replay?key=${key}&index=0`)).status).toBe(405);
  expect(await keysOf(world, "raw/")).toHaveLength(raw);
  const one = await ask(url, `replay?key=${key}&index=1`, POST);
  expect(one).toEqual({ status: 200, answer: { rows: 1, cleaned: 0, rejected: 1 } });
  expect(await keysOf(world, "replayed/")).toHaveLength(0);
  const all = await ask(url, `replay?key=${key}`, POST);
  expect(all.answer).toEqual({ rows: 2, cleaned: 0, rejected: 2 });
  expect(await keysOf(world, "replayed/")).toHaveLength(1);
  // the row that was replayed before is the same delivery
  expect(await keysOf(world, "raw/")).toHaveLength(raw + 2 * 2);
});

test("a page from elsewhere gets nothing", async () => {
  const { url } = await startApi();
  for (const headers of [{ origin: "https://example.org" }, { origin: "null" }])
    expect((await ask(url, "replay?all=true", { ...POST, headers })).status).toBe(403);
});

test("answers times that are none, and aircraft that are not stored, with what is wrong", async () => {
  const { url } = await startApi();
  for (const wrong of ["x", "-1", "1e3", "999999999999999"])
    expect(await ask(url, `at/${wrong}`), wrong).toMatchObject({ status: 400, answer: { error: { path: "at" } } });
  expect(await ask(url, "origin/abc123")).toMatchObject({ status: 404, answer: { error: { code: "not_found" } } });
  expect(await ask(url, "origin/%27%3B--")).toMatchObject({ status: 404 });
  expect((await ask(url, "nothing")).status).toBe(404);
  expect(await ask(url, "oldest")).toEqual({ status: 200, answer: { oldest: null } });
});

test("tells of a row what arrived, when it was cleaned and what its batch counted, of two alike the one that was stored", async () => {
  const { url, load, post, world } = await startApi();
  const twice = [goodRow({ callsign: "FIRST" }), goodRow({ callsign: "SECOND" })];
  const { answer } = await post(JSON.stringify([...twice, goodRow({ icao24: "zz" })]));
  await load();
  const [stored] = await world.reader!.aircraft({ icao24: "3c6444", limit: 1 });
  const origin = await ask(url, "origin/3c6444");
  expect(origin.answer).toMatchObject({
    flow: "request",
    row: { batch_id: answer["id"] },
    ledger: { received: 3, accepted: 1, duplicate: 1, rejected: { bad_icao24: 1 } },
  });
  expect(JSON.parse(String(origin.answer["raw"]))).toMatchObject({ callsign: stored?.["callsign"] });
  expect(origin.answer["cleaned_at"]).toBeGreaterThan(1_700_000_000);
});
