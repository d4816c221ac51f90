import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { liveFeed, type LiveFeed } from "./live-feed.ts";

const row = (n: number, over: Record<string, unknown> = {}) => ({
  icao24: n.toString(16).padStart(6, "0"),
  last_contact: 1,
  origin_country: "x".repeat(100),
  ...over,
});
const rows = (count: number, over = {}) => Array.from({ length: count }, (_, i) => row(i, over));

async function serve(feed: LiveFeed): Promise<string> {
  const server = http.createServer((request, response) =>
    request.url === "/events" ? feed.events(request, response) : feed.snapshot(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    feed.close();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const snapshotOf = async (url: string, etag = "") => fetch(url, { headers: { "if-none-match": etag } });

test("a tick sends each change once, and the snapshot has the same rows", async () => {
  const feed = liveFeed({ tick_ms: 20 });
  const url = await serve(feed);
  const reader = (await fetch(`${url}/events`)).body?.getReader();
  let text = "";
  const read = async (until: (seen: string) => boolean) => {
    while (!until(text)) text += new TextDecoder().decode((await reader?.read())?.value);
  };
  feed.update([row(1), row(2)]);
  await read((seen) => seen.includes("event: aircraft"));
  const before = text.length;
  feed.update([row(1), row(2, { last_contact: 2 })]);
  await read((seen) => seen.slice(before).includes("event: aircraft"));
  expect(text.slice(before)).not.toContain('"000001"');
  const response = await snapshotOf(url);
  const { rows: shown } = (await response.json()) as { rows: unknown[] };
  expect(shown).toHaveLength(2);
  expect((await snapshotOf(url, response.headers.get("etag") ?? "")).status).toBe(304);
  feed.replace([row(1)]);
  await read((seen) => seen.includes('"gone":[1]'));
  expect(feed.size).toBe(1);
});

test("a moved aircraft costs less than 50 bytes per tick", async () => {
  const feed = liveFeed({ tick_ms: 20 });
  const reader = (await fetch(`${await serve(feed)}/events`)).body?.getReader();
  const flown = (n: number) =>
    Array.from({ length: 10_000 }, (_, i) =>
      row(i, {
        callsign: `C${i}`,
        source: "opensky",
        longitude: -179 + i / 30 + n * 0.00271,
        latitude: -59 + i / 100 + n * 0.00149,
        baro_altitude: 3_000 + (i % 900) * 9 + n * 7,
        velocity: 200 + (i % 7) + n * 0.3,
        true_track: (i % 360) + n * 0.2,
        vertical_rate: (i % 11) + n * 0.4,
        last_contact: 1_700_000_000 + n,
        time_position: 1_700_000_000 + n,
        batch_id: `b${n}`,
      }),
    );
  let text = "";
  const tick = async (n: number): Promise<string> => {
    feed.update(flown(n));
    while (text.split("event: aircraft").length <= n || !text.endsWith("\n\n"))
      text += new TextDecoder().decode((await reader?.read())?.value);
    return text.split("event: aircraft").at(-1) ?? "";
  };
  await tick(1);
  expect((await tick(2)).length / 10_000).toBeLessThan(50);
});

test("a client that reads gets every tick of 10,000 aircraft and no resync event", async () => {
  const feed = liveFeed({ tick_ms: 20 });
  const reader = (await fetch(`${await serve(feed)}/events`)).body?.getReader();
  let text = "";
  for (let n = 1; n <= 5; n++) {
    feed.update(rows(10_000, { last_contact: n }));
    while (text.split("event: aircraft").length <= n || !text.endsWith("\n\n"))
      text += new TextDecoder().decode((await reader?.read())?.value);
  }
  expect(text).not.toContain("event: resync");
});

test("a client that does not read gets nothing more until it reads, and then a resync event", async () => {
  const feed = liveFeed({ tick_ms: 5 });
  const url = new URL(`${await serve(feed)}/events`);
  const slow = await new Promise<http.IncomingMessage>((resolve) => http.get(url, resolve));
  slow.pause();
  for (let n = 2; n < 40; n++) {
    feed.update(rows(2_000, { last_contact: n, origin_country: `${n} `.repeat(300) }));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  let bytes = 0;
  let text = "";
  slow.on("data", (part: Buffer) => {
    bytes += part.length;
    text = (text + part.toString()).slice(-2_000_000);
  });
  slow.resume();
  while (!text.includes("event: resync")) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(bytes).toBeLessThan(120 * 2_000 * 200);
  slow.destroy();
});
