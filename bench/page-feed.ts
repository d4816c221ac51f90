import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openAdapters } from "../src/server/adapters.ts";
import { producer, type Producer } from "../src/flow/stream/produce.ts";

export const TICK_MS = 1_000;
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Served {
  url: string;
  pid: string;
  data: string;
  end(): Promise<void>;
}

/** `start` on an empty folder; without words behind --from its own simulation feeds it. */
export async function serve(from: readonly string[]): Promise<Served> {
  const data = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  const child = spawn(process.execPath, ["dist/cli/main.js", "start", "--data", data, "--port", "0", ...from], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await urlOf(child);
  return {
    url,
    data,
    pid: String(child.pid),
    async end() {
      child.kill("SIGINT");
      await once(child, "exit");
      rmSync(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function urlOf(child: ChildProcess): Promise<string> {
  for await (const part of child.stdout ?? []) {
    const found = /http:\/\/\S+/.exec(String(part))?.[0];
    if (found !== undefined) return found;
  }
  throw new Error("start ended before it told its URL");
}

/** A server that nobody feeds but this process. */
export async function quiet(): Promise<Served> {
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  const empty = path.join(folder, "empty.ndjson");
  writeFileSync(empty, "");
  const served = await serve(["--from", empty]);
  return {
    ...served,
    async end() {
      await served.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function feed(data: string): Promise<{ to: Producer; close(): Promise<void> }> {
  const world = await openAdapters({ env: {}, data });
  return {
    to: producer(world.stream, { signal: new AbortController().signal, groups: 16, source: "bench" }),
    close: () => world.close(),
  };
}

/** Aircraft spread over the world, each on its own course. */
function fleet(count: number) {
  const all = Array.from({ length: count }, (_, i) => ({
    icao24: (0x100000 + i).toString(16),
    callsign: `B${i}`,
    longitude: ((i * 137.508) % 360) - 180,
    latitude: ((i * 7.31) % 130) - 60,
    true_track: (i * 23) % 360,
    baro_altitude: (i * 31) % 12_000,
    velocity: 60 + (i % 200),
  }));
  return (from: number, some: number): Buffer => {
    const now = Math.floor(Date.now() / 1000);
    const lines = Array.from({ length: some }, (_, k) => {
      const one = all[(from + k) % count];
      if (one === undefined) return "";
      const step = one.velocity / 111_000;
      one.longitude = ((one.longitude + 540 + step * Math.sin((one.true_track * Math.PI) / 180)) % 360) - 180;
      one.latitude = Math.max(-80, Math.min(80, one.latitude + step * Math.cos((one.true_track * Math.PI) / 180)));
      one.baro_altitude = Math.max(0, Math.min(12_000, one.baro_altitude + ((from + k) % 7) - 3));
      return JSON.stringify({ ...one, last_contact: now, time_position: now, on_ground: false });
    });
    return Buffer.from(lines.join("\n"));
  };
}

/** Feeds a tick every second until it has fed `ticks`. */
export async function feedTicks(to: Producer, { count, some, ticks }: { count: number; some: number; ticks: number }) {
  const next = fleet(count);
  await to.add(next(0, count), "application/x-ndjson");
  await to.flush();
  const begun = performance.now();
  for (let tick = 1; tick <= ticks; tick++) {
    await pause(Math.max(0, begun + tick * TICK_MS - performance.now()));
    await to.add(next(tick * some, some), "application/x-ndjson");
    await to.flush();
  }
}
