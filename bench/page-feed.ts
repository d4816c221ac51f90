import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { producer, type Producer } from "../src/flow/stream/produce.ts";
import { openAdapters } from "../src/server/adapters.ts";

export const TICK_MS = 1_000;
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Served {
  url: string;
  pid: string;
  data: string;
  end(): Promise<void>;
}

/** Runs `start` on an empty folder. Without `--from`, the simulation feeds it. */
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
    const url = /http:\/\/\S+/.exec(String(part))?.[0];
    if (url !== undefined) return url;
  }
  throw new Error("start ended before it printed its URL");
}

/** A server with an empty feed. Only this process sends rows. */
export async function serveWithoutFeed(): Promise<Served> {
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

/** Aircraft all over the world, each on its own track. Returns the next NDJSON body. */
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
      const aircraft = all[(from + k) % count];
      if (aircraft === undefined) return "";
      const step = aircraft.velocity / 111_000;
      aircraft.longitude =
        ((aircraft.longitude + 540 + step * Math.sin((aircraft.true_track * Math.PI) / 180)) % 360) - 180;
      aircraft.latitude = Math.max(
        -80,
        Math.min(80, aircraft.latitude + step * Math.cos((aircraft.true_track * Math.PI) / 180)),
      );
      aircraft.baro_altitude = Math.max(0, Math.min(12_000, aircraft.baro_altitude + ((from + k) % 7) - 3));
      return JSON.stringify({ ...aircraft, last_contact: now, time_position: now, on_ground: false });
    });
    return Buffer.from(lines.join("\n"));
  };
}

/** Sends `some` changed aircraft per second, `ticks` times. */
export async function feedTicks(to: Producer, { count, some, ticks }: { count: number; some: number; ticks: number }) {
  const next = fleet(count);
  await to.add(next(0, count), "application/x-ndjson");
  await to.flush();
  const start = performance.now();
  for (let tick = 1; tick <= ticks; tick++) {
    await pause(Math.max(0, start + tick * TICK_MS - performance.now()));
    await to.add(next(tick * some, some), "application/x-ndjson");
    await to.flush();
  }
}
