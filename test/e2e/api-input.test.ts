import { readdir } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { query } from "../../src/postgres/transaction.ts";
import { goodRow } from "../harness/bodies.ts";
import { folderOf, keysOf, poolOf, startApi } from "./api-under-test.ts";

const body = (...rows: unknown[]): string => JSON.stringify(rows);

describe("a body that is wrong", () => {
  test.each([
    ["invalid JSON", "{", "application/json", 400, "undecodable"],
    ["an empty body", "", "application/json", 400, "undecodable"],
    ["a readsb response without now", '{"aircraft":[]}', "application/json", 400, "undecodable"],
    ["states that are not a list", '{"states":3}', "application/json", 400, "undecodable"],
    ["CSV without icao24", "a,b\n1,2\n", "text/csv", 400, "undecodable"],
    ["a wrong content type", "x", "image/png", 415, "unsupported_media_type"],
    ["a gzip that is truncated", gzipSync("[]").subarray(0, 12), "application/gzip", 400, "undecodable"],
  ])("%s is an error with its path, and nothing is stored", async (_, sent, type, status, code) => {
    const api = await startApi();
    const { status: actual, answer } = await api.post(sent, { headers: { "content-type": type } });
    expect([actual, answer.error?.code]).toEqual([status, code]);
    expect(answer.error?.path).toBeTypeOf("string");
    expect(await keysOf(api.adapters, "")).toEqual([]);
    expect(api.errors).toEqual([]);
  });

  test("of 4 MiB + 1 byte, and a gzip that inflates to a gigabyte, are 413 and use little memory", async () => {
    const api = await startApi();
    expect((await api.post(new Uint8Array(4 * 1024 * 1024 + 1))).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    const bombs = Buffer.concat([bomb, bomb, bomb, bomb]);
    const before = process.memoryUsage.rss();
    expect((await api.post(bombs, { headers: { "content-type": "application/gzip" } })).status).toBe(413);
    expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 1024 * 1024);
    expect(await keysOf(api.adapters, "")).toEqual([]);
  });

  test("of more than a million rows is 413, however few its bytes", async () => {
    const api = await startApi();
    const rows = (count: number) =>
      api.post(gzipSync("{}\n".repeat(count)), { headers: { "content-type": "application/gzip" } });
    expect((await rows(1_000_001)).answer.error).toMatchObject({
      code: "too_large",
      message: "the body has more than 1000000 rows",
    });
    expect(await keysOf(api.adapters, "")).toEqual([]);
    expect((await rows(200_000)).answer).toMatchObject({ received: 200_000, rejected: { bad_icao24: 200_000 } });
  });

  test("with a bad row does not affect the other rows", async () => {
    const api = await startApi();
    const rows = [goodRow(), 7, goodRow({ icao24: "3c6445" }), goodRow({ last_contact: "soon" }), null];
    const { answer } = await api.post(body(...rows));
    expect(answer).toMatchObject({ received: 5, cleaned: 2, rejected: { not_an_object: 2, bad_last_contact: 1 } });
  });
});

describe("text that is harmful in other programs", () => {
  const api = async (row: Record<string, unknown>, format = "csv") => {
    const started = await startApi();
    const { answer } = await started.post(body(goodRow(row)), { query: `?format=${format}` });
    await started.load();
    return { started, answer };
  };

  test.each([
    ["SQL", "'; DROP TABLE aircraft;--"],
    ["NUL", "A\u0000B"],
    ["a megabyte", "A".repeat(1_000_000)],
  ])("%s in a callsign is removed, and the schema stays", async (_, callsign) => {
    const { started } = await api({ callsign });
    const rows = await query<{ callsign: string | null; flags: string }>(
      poolOf(started.adapters),
      "select callsign, flags from aircraft",
    );
    expect(rows).toEqual([{ callsign: null, flags: "bad_callsign" }]);
  });

  test.each(["=1+1", "+1", "-1", "@x", "\t=1", " =1"])("no cell of the CSV starts as the formula %j", async (text) => {
    const { started } = await api({ callsign: text, origin_country: text, squawk: text });
    const [key = ""] = await keysOf(started.adapters, "clean/");
    const csv = gunzipSync((await started.adapters.objects.get(key)) ?? "").toString();
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

  test.each(hostile)("%j is a 400 in each parameter that becomes part of a key or a path", async (value) => {
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
    expect(await readdir(folderOf(api.installation)).catch(() => [])).toEqual([]);
    expect(api.errors).toEqual([]);
  });

  test("is an error with path, value and the allowed values", async () => {
    const api = await startApi();
    const response = await fetch(`${api.url}/v1/states?limit=many`);
    const { error } = (await response.json()) as { error: { path: string; value: string; allowed: unknown } };
    expect(response.status).toBe(400);
    expect(error).toMatchObject({ path: "limit", value: "many" });
    expect(error.allowed).toBeDefined();
  });

  test("an unknown path is 404, an unknown method 405, and a foreign Origin 403", async () => {
    const api = await startApi();
    const statuses = await Promise.all([
      fetch(`${api.url}/v1/nothing`),
      fetch(`${api.url}/v1/states`, { method: "DELETE" }),
      fetch(`${api.url}/v1/flows`, { headers: { origin: "http://elsewhere.example" } }),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([404, 405, 403]);
  });
});
