import { describe, expect, test } from "vitest";
import { UnavailableError } from "../../src/flow/errors.ts";
import { sweep } from "../../src/flow/request/load.ts";
import { query } from "../../src/postgres/transaction.ts";
import { goodRow } from "../harness/bodies.ts";
import { until } from "../harness/product.ts";
import { keysOf, poolOf, startApi, type ApiUnderTest } from "./api-under-test.ts";

const body = (...rows: unknown[]): string => JSON.stringify(rows);
const report = async ({ adapters }: ApiUnderTest) => (await adapters.counter.count())[0];

describe("a request that is sent again", () => {
  test("with its Idempotency-Key gives the same answer and stores rows once, twice and 20 at once", async () => {
    const api = await startApi();
    const headers = { "content-type": "application/json", "idempotency-key": "k1" };
    const send = () => api.post(body(goodRow(), goodRow({ icao24: "xyz" })), { headers });
    const answers = [await send(), await send(), ...(await Promise.all(Array.from({ length: 20 }, send)))];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 202, answer: { received: 2, cleaned: 1, rejected: { bad_icao24: 1 } } });
    expect((await keysOf(api.adapters, "raw/")).filter((key) => key.endsWith(".body"))).toHaveLength(1);
    await api.load();
    expect(await report(api)).toMatchObject({ received: 2, accepted: 1, rejected: 1, stored: 1, balanced: true });
    const other = await api.post(body(goodRow({ velocity: 1 })), { headers });
    expect(other).toMatchObject({ status: 409, answer: { error: { path: "Idempotency-Key" } } });
  });

  test("without a key is recognized by its content", async () => {
    const api = await startApi();
    const [first, second] = [await api.post(body(goodRow())), await api.post(body(goodRow()))];
    expect(second.answer).toEqual(first.answer);
  });

  test("loads once when its object is announced five times, and counts four repeats", async () => {
    const api = await startApi();
    await api.post(body(goodRow()));
    const [clean = ""] = await keysOf(api.adapters, "clean/");
    for (let i = 0; i < 4; i++) await api.adapters.queue.send(clean);
    await api.load();
    expect(await report(api)).toMatchObject({ received: 1, accepted: 1, stored: 1, repeats: 4, balanced: true });
  });
});

test("rows with a wrong time are rejected with the reason", async () => {
  const api = await startApi();
  const now = Math.floor(Date.now() / 1000);
  const at = (last_contact: number) => goodRow({ last_contact, time_position: null, longitude: null, latitude: null });
  const { answer } = await api.post(body(at(now + 7_200), at(0), at(now * 1000), at(now)));
  expect(answer).toMatchObject({ cleaned: 1, rejected: { in_future: 1, bad_last_contact: 1, milliseconds: 1 } });
});

test("late reports do not replace newer ones, and the history has each of them", async () => {
  const api = await startApi();
  const day = 86_400;
  const now = Math.floor(Date.now() / 1000);
  for (const last_contact of [now - 5, now - day, now - 3_600, now - 40 * day])
    await api.post(body(goodRow({ last_contact, time_position: last_contact })));
  await api.load();
  const { aircraft } = (await (await fetch(`${api.url}/v1/aircraft`)).json()) as {
    aircraft: { last_contact: number }[];
  };
  expect(aircraft.map((row) => row.last_contact)).toEqual([now - 5]);
  const { states } = (await (await fetch(`${api.url}/v1/states?icao24=3c6444`)).json()) as {
    states: { last_contact: number }[];
  };
  expect(states.map((row) => row.last_contact)).toEqual([now - 40 * day, now - day, now - 3_600, now - 5]);
  const parts = await query<{ part: string }>(
    poolOf(api.adapters),
    "select distinct tableoid::regclass::text as part from state_vectors",
  );
  expect(parts.map(({ part }) => part)).toContain("state_vectors_default");
  expect(parts.length).toBeGreaterThan(1);
});

test("a full disk is a 503 with Retry-After, and no partial object is visible", async () => {
  const full = () => Promise.reject(new UnavailableError("object store unavailable: ENOSPC", { retry_after_s: 30 }));
  const api = await startApi(({ objects }) => ({ objects: { ...objects, put: full } }));
  const response = await fetch(`${api.url}/v1/states`, {
    method: "POST",
    body: body(goodRow()),
    headers: { "content-type": "application/json" },
  });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "30"]);
  expect(await keysOf(api.adapters, "")).toEqual([]);
});

test("while the queue is down, requests are accepted, and the sweep loads them", async () => {
  const down = () => Promise.reject(new UnavailableError("the queue is down"));
  const api = await startApi(({ queue }) => ({ queue: { ...queue, send: down } }));
  expect((await api.post(body(goodRow()))).status).toBe(202);
  expect(await report(api)).toMatchObject({ pending: 1, stored: 0, balanced: true });
  const now_s = Date.now() / 1000 + 60;
  const known = new Set<string>();
  expect(await sweep(api.adapters, { known, onBroken: () => {}, now_s })).toEqual({ cleaned: 0, loaded: 1 });
  expect(await report(api)).toMatchObject({ pending: 0, stored: 1, balanced: true });
});

test("the sweep cleans a raw body without a clean file, and a broken clean file does not block other files", async () => {
  const api = await startApi();
  await api.post(body(goodRow()));
  await api.post(body(goodRow({ icao24: "3c6445" })));
  const [first = "", second = ""] = await keysOf(api.adapters, "clean/");
  await api.adapters.objects.delete(first);
  await api.adapters.objects.delete(second);
  await api.adapters.objects.put(second, Buffer.from("broken"));
  const broken: string[] = [];
  const options = {
    known: new Set<string>(),
    onBroken: (id: string) => broken.push(id),
    now_s: Date.now() / 1000 + 60,
  };
  await query(poolOf(api.adapters), "delete from arrivals");
  await sweep(api.adapters, options);
  await sweep(api.adapters, { ...options, now_s: options.now_s + 60 });
  await api.load();
  expect(await report(api)).toMatchObject({ received: 2, stored: 1, pending: 1, balanced: true });
  expect(broken).toHaveLength(1);
});

test("health is 503 while the database is unavailable, and 200 when it is back", async () => {
  const away = () => Promise.reject(new UnavailableError("no connection"));
  const state = { isAway: true };
  const api = await startApi(({ sink }) => ({
    sink: { ...sink, ping: () => (state.isAway ? away() : sink.ping()) },
  }));
  const health = async () => (await fetch(`${api.url}/v1/health`)).status;
  expect(await health()).toBe(503);
  state.isAway = false;
  expect(await until(health, (status) => status === 200)).toBe(200);
});

test("the OpenAPI document lists every path", async () => {
  const api = await startApi();
  const document = (await (await fetch(`${api.url}/v1/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, unknown>;
  };
  expect(document.openapi).toMatch(/^3\.1/);
  expect(Object.keys(document.paths).sort()).toEqual(
    [
      "/aircraft",
      "/aircraft/{icao24}",
      "/flows",
      "/health",
      "/ingestions/{id}",
      "/openapi.json",
      "/rejections",
      "/states",
    ].sort(),
  );
});
