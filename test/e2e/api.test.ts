import { readdir } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { UnavailableError } from "../../src/flow/errors.ts";
import { sweep } from "../../src/flow/load.ts";
import { query } from "../../src/local/transaction.ts";
import { goodRow } from "../bodies.ts";
import { until } from "../product.ts";
import { folderOf, keysOf, startApi, type ApiUnderTest, poolOf } from "./api-world.ts";

const body = (...rows: unknown[]): string => JSON.stringify(rows);
const report = async ({ world }: ApiUnderTest) => (await world.counter.count())[0];

describe("a request that is sent again", () => {
  test("with its Idempotency-Key gives the same answer and stores rows once, twice and 20 at once", async () => {
    const api = await startApi();
    const headers = { "content-type": "application/json", "idempotency-key": "k1" };
    const send = () => api.post(body(goodRow(), goodRow({ icao24: "xyz" })), { headers });
    const answers = [await send(), await send(), ...(await Promise.all(Array.from({ length: 20 }, send)))];
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 202, answer: { received: 2, cleaned: 1, rejected: { bad_icao24: 1 } } });
    expect((await keysOf(api.world, "raw/")).filter((key) => key.endsWith(".body"))).toHaveLength(1);
    await api.load();
    expect(await report(api)).toMatchObject({ received: 2, accepted: 1, rejected: 1, stored: 1, balanced: true });
    const other = await api.post(body(goodRow({ velocity: 1 })), { headers });
    expect(other).toMatchObject({ status: 409, answer: { error: { path: "Idempotency-Key" } } });
  });

  test("without a key is known by its content", async () => {
    const api = await startApi();
    const [first, second] = [await api.post(body(goodRow())), await api.post(body(goodRow()))];
    expect(second.answer).toEqual(first.answer);
  });

  test("loads once when its object is announced five times, and counts four repeats", async () => {
    const api = await startApi();
    await api.post(body(goodRow()));
    const [clean = ""] = await keysOf(api.world, "clean/");
    for (let i = 0; i < 4; i++) await api.world.queue.send(clean);
    await api.load();
    expect(await report(api)).toMatchObject({ received: 1, accepted: 1, stored: 1, repeats: 4, balanced: true });
  });
});

describe("a body that is wrong", () => {
  test.each([
    ["invalid JSON", "{", "application/json", 400, "undecodable"],
    ["an empty body", "", "application/json", 400, "undecodable"],
    ["a readsb response without now", '{"aircraft":[]}', "application/json", 400, "undecodable"],
    ["states that are no list", '{"states":3}', "application/json", 400, "undecodable"],
    ["CSV without icao24", "a,b\n1,2\n", "text/csv", 400, "undecodable"],
    ["a wrong content type", "x", "image/png", 415, "unsupported_media_type"],
    ["a gzip that is truncated", gzipSync("[]").subarray(0, 12), "application/gzip", 400, "undecodable"],
  ])("%s is told with its place and nothing is stored", async (_, sent, type, status, code) => {
    const api = await startApi();
    const { status: found, answer } = await api.post(sent, { headers: { "content-type": type } });
    expect([found, answer.error?.code]).toEqual([status, code]);
    expect(answer.error?.path).toBeTypeOf("string");
    expect(await keysOf(api.world, "")).toEqual([]);
    expect(api.errors).toEqual([]);
  });

  test("of 4 MiB + 1 byte, and a gzip that inflates to a gigabyte, are 413 and take no memory", async () => {
    const api = await startApi();
    expect((await api.post(new Uint8Array(4 * 1024 * 1024 + 1))).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    const bombs = Buffer.concat([bomb, bomb, bomb, bomb]);
    const before = process.memoryUsage.rss();
    expect((await api.post(bombs, { headers: { "content-type": "application/gzip" } })).status).toBe(413);
    expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 1024 * 1024);
    expect(await keysOf(api.world, "")).toEqual([]);
  });

  test("of more than a million rows is 413, however few its bytes", async () => {
    const api = await startApi();
    const rows = (count: number) =>
      api.post(gzipSync("{}\n".repeat(count)), { headers: { "content-type": "application/gzip" } });
    expect((await rows(1_000_001)).answer.error).toMatchObject({
      code: "too_large",
      message: "more than 1000000 rows",
    });
    expect(await keysOf(api.world, "")).toEqual([]);
    expect((await rows(200_000)).answer).toMatchObject({ received: 200_000, rejected: { bad_icao24: 200_000 } });
  });

  test("keeps the neighbours of a bad row", async () => {
    const api = await startApi();
    const rows = [goodRow(), 7, goodRow({ icao24: "3c6445" }), goodRow({ last_contact: "soon" }), null];
    const { answer } = await api.post(body(...rows));
    expect(answer).toMatchObject({ received: 5, cleaned: 2, rejected: { not_an_object: 2, bad_last_contact: 1 } });
  });
});

describe("text that means harm elsewhere", () => {
  const api = async (row: Record<string, unknown>, format = "csv") => {
    const on = await startApi();
    const { answer } = await on.post(body(goodRow(row)), { query: `?format=${format}` });
    await on.load();
    return { on, answer };
  };

  test.each([
    ["SQL", "'; DROP TABLE aircraft;--"],
    ["NUL", "A\u0000B"],
    ["a megabyte", "A".repeat(1_000_000)],
  ])("%s in a callsign is cleaned away and the schema stays", async (_, callsign) => {
    const { on } = await api({ callsign });
    const rows = await query<{ callsign: string | null; flags: string }>(
      poolOf(on.world),
      "select callsign, flags from aircraft",
    );
    expect(rows).toEqual([{ callsign: null, flags: "bad_callsign" }]);
  });

  test.each(["=1+1", "+1", "-1", "@x", "\t=1", " =1"])("no cell of CSV begins as the formula %j", async (text) => {
    const { on } = await api({ callsign: text, origin_country: text, squawk: text });
    const [key = ""] = await keysOf(on.world, "clean/");
    const csv = gunzipSync((await on.world.objects.get(key)) ?? "").toString();
    const cells = csv
      .trim()
      .split("\n")
      .slice(1)
      .flatMap((line) => line.split(","));
    expect(cells.filter((cell) => /^"?[=+@\t-]/.test(cell) && !/^-?[0-9.]+$/.test(cell))).toEqual([]);
    expect(cells.length).toBeGreaterThan(15);
  });
});

describe("a parameter that is wrong", () => {
  const hostile = ["../x", "%2e%2e%2fx", "a\\b", "a\u0000b", "a".repeat(2_000), "a/b"];

  test.each(hostile)("%j is a 400 wherever it would reach a key or a path", async (value) => {
    const api = await startApi();
    const text = encodeURIComponent(value);
    const answers = [
      await fetch(`${api.url}/v1/ingestions/${text}`),
      await fetch(`${api.url}/v1/states?source=${text}`, {
        method: "POST",
        body: body(goodRow()),
        headers: { "content-type": "application/json" },
      }),
      await fetch(`${api.url}/v1/states?format=${text}`, {
        method: "POST",
        body: body(goodRow()),
        headers: { "content-type": "application/json" },
      }),
      await fetch(`${api.url}/v1/rejections?flow=${text}`),
    ];
    if (/^[\x20-\x7e]*$/.test(value)) {
      const headers = { "content-type": "application/json", "idempotency-key": value };
      answers.push(await fetch(`${api.url}/v1/states`, { method: "POST", body: body(goodRow()), headers }));
    }
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
    expect(await readdir(folderOf(api.place)).catch(() => [])).toEqual([]);
    expect(api.errors).toEqual([]);
  });

  test("is told with path, value and what is allowed", async () => {
    const api = await startApi();
    const response = await fetch(`${api.url}/v1/states?limit=many`);
    const { error } = (await response.json()) as { error: { path: string; value: string; allowed: unknown } };
    expect(response.status).toBe(400);
    expect(error).toMatchObject({ path: "limit", value: "many" });
    expect(error.allowed).toBeDefined();
  });

  test("a path and a method that do not exist are 404 and 405, a foreign Origin 403", async () => {
    const api = await startApi();
    const statuses = await Promise.all([
      fetch(`${api.url}/v1/nothing`),
      fetch(`${api.url}/v1/states`, { method: "DELETE" }),
      fetch(`${api.url}/v1/flows`, { headers: { origin: "http://elsewhere.example" } }),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([404, 405, 403]);
  });
});

test("rows with a clock that is wrong are rejected with the reason", async () => {
  const api = await startApi();
  const now = Math.floor(Date.now() / 1000);
  const at = (last_contact: number) => goodRow({ last_contact, time_position: null, longitude: null, latitude: null });
  const { answer } = await api.post(body(at(now + 7_200), at(0), at(now * 1000), at(now)));
  expect(answer).toMatchObject({ cleaned: 1, rejected: { in_future: 1, bad_last_contact: 1, milliseconds: 1 } });
});

test("late reports do not replace newer ones, and each stands in the history", async () => {
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
    poolOf(api.world),
    "select distinct tableoid::regclass::text as part from state_vectors",
  );
  expect(parts.map(({ part }) => part)).toContain("state_vectors_default");
  expect(parts.length).toBeGreaterThan(1);
});

test("a full disk is a 503 with Retry-After, and nothing is half written", async () => {
  const full = () =>
    Promise.reject(new UnavailableError("the object store cannot take more: ENOSPC", { retry_after_s: 30 }));
  const api = await startApi(({ objects }) => ({ objects: { ...objects, put: full } }));
  const response = await fetch(`${api.url}/v1/states`, {
    method: "POST",
    body: body(goodRow()),
    headers: { "content-type": "application/json" },
  });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "30"]);
  expect(await keysOf(api.world, "")).toEqual([]);
});

test("while the queue is down requests are taken, and the sweep loads them", async () => {
  const down = () => Promise.reject(new UnavailableError("the queue is down"));
  const api = await startApi(({ queue }) => ({ queue: { ...queue, send: down } }));
  expect((await api.post(body(goodRow()))).status).toBe(202);
  expect(await report(api)).toMatchObject({ pending: 1, stored: 0, balanced: true });
  const now_s = Date.now() / 1000 + 60;
  const known = new Set<string>();
  expect(await sweep(api.world, { known, onPoison: () => {}, now_s })).toEqual({ cleaned: 0, loaded: 1 });
  expect(await report(api)).toMatchObject({ pending: 0, stored: 1, balanced: true });
});

test("a raw body without its clean file is cleaned by the sweep, and a broken clean file keeps nobody waiting", async () => {
  const api = await startApi();
  await api.post(body(goodRow()));
  await api.post(body(goodRow({ icao24: "3c6445" })));
  const [first = "", second = ""] = await keysOf(api.world, "clean/");
  await api.world.objects.delete(first);
  await api.world.objects.delete(second);
  await api.world.objects.put(second, Buffer.from("broken"));
  const poisoned: string[] = [];
  const options = {
    known: new Set<string>(),
    onPoison: (id: string) => poisoned.push(id),
    now_s: Date.now() / 1000 + 60,
  };
  await query(poolOf(api.world), "delete from arrivals");
  await sweep(api.world, options);
  await sweep(api.world, { ...options, now_s: options.now_s + 60 });
  await api.load();
  expect(await report(api)).toMatchObject({ received: 2, stored: 1, pending: 1, balanced: true });
  expect(poisoned).toHaveLength(1);
});

test("readiness is red while the database is away, and green again after", async () => {
  const away = () => Promise.reject(new UnavailableError("no connection"));
  const state = { isAway: true };
  const api = await startApi(({ database }) => ({
    database: { ...database, ping: () => (state.isAway ? away() : database.ping()) },
  }));
  const health = async () => (await fetch(`${api.url}/v1/health`)).status;
  expect(await health()).toBe(503);
  state.isAway = false;
  expect(await until(health, (status) => status === 200)).toBe(200);
});

test("the OpenAPI document describes what is answered", async () => {
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
