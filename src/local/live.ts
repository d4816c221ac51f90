import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { FlowReport } from "../flow/flows.ts";
import type { StoredRow } from "../flow/ports.ts";
import type { SourceStatus } from "../source/source.ts";
import { toWire } from "./wire.ts";

/** What the page follows: every aircraft in memory, and one encoded message per tick for all who listen. */
export interface LiveFeed {
  /** Takes rows that may be new; those that change something go out at the next tick. */
  update(rows: readonly StoredRow[]): void;
  /** Takes all rows there are: what is not among them is gone. */
  replace(rows: readonly StoredRow[]): void;
  setFlows(flows: readonly FlowReport[]): void;
  setSources(sources: readonly SourceStatus[]): void;
  /** Answers `GET /live/aircraft`. */
  snapshot(request: IncomingMessage, response: ServerResponse): void;
  /** Answers `GET /live/events` until the client leaves. */
  events(request: IncomingMessage, response: ServerResponse): void;
  /** Aircraft held. */
  readonly size: number;
  close(): void;
}

const TICK_MS = 1_000;
/** A comment now and then shows both sides that the line is alive. */
const HEARTBEAT_TICKS = 15;

/** Bytes that may wait for a client: `write` answers false from 16 KiB on, which one tick of many aircraft always has. */
const MOST_WAITING = 8 * 1024 * 1024;

interface Client {
  response: ServerResponse;
  /** Too much waits for it: it gets nothing until all of that is sent, and then fetches the snapshot anew. */
  isBehind: boolean;
}

export function liveFeed({ tick_ms = TICK_MS }: { tick_ms?: number } = {}): LiveFeed {
  const latest = { flows: message("flows", { flows: [] }), sources: message("sources", { sources: [] }) };
  const to = audience(() => `${latest.flows}${latest.sources}`);
  const table = aircraftTable();
  const set = (name: keyof typeof latest, text: string): void => {
    if (latest[name] === text) return;
    latest[name] = text;
    to.send(text);
  };
  const timer = setInterval(() => {
    const delta = table.advance();
    if (delta !== null) to.send(`event: aircraft\ndata: ${delta}\n\n`);
    else if (table.tick % HEARTBEAT_TICKS === 0) to.send(": alive\n\n");
  }, tick_ms);
  timer.unref();
  return {
    update: (rows) => rows.forEach(table.take),
    replace(all) {
      if (table.dropOthers(all) > 0) to.send(message("resync", {}));
      all.forEach(table.take);
    },
    setFlows: (flows) => set("flows", message("flows", { flows })),
    setSources: (sources) => set("sources", message("sources", { sources })),
    snapshot: (request, response) => answerSnapshot(table.snapshot(), request, response),
    events: to.join,
    get size() {
      return table.size;
    },
    close() {
      clearInterval(timer);
      to.close();
    },
  };
}

/** Who listens. `greeting` is what a newcomer, or one who fell behind, is told first. */
function audience(greeting: () => string) {
  const clients = new Set<Client>();
  return {
    send(text: string): void {
      for (const client of clients) {
        if (client.isBehind) continue;
        client.response.write(text);
        client.isBehind = client.response.writableLength > MOST_WAITING;
      }
    },
    join(request: IncomingMessage, response: ServerResponse): void {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      const client: Client = { response, isBehind: false };
      clients.add(client);
      response.on("drain", () => {
        if (!client.isBehind) return;
        client.isBehind = false;
        response.write(`${message("resync", {})}${greeting()}`);
      });
      request.on("close", () => clients.delete(client));
      response.write(greeting());
    },
    close(): void {
      for (const { response } of clients) response.end();
      clients.clear();
    },
  };
}

/** Every aircraft as encoded text, and which changed since the last tick. */
function aircraftTable() {
  const rows = new Map<string, string>();
  const changed = new Map<string, string>();
  /** Tells snapshots of another run from ours. */
  const run = randomBytes(4).toString("hex");
  let tick = 0;
  let encoded: { gzip: Buffer; etag: string } | undefined;
  const textOf = (some: Map<string, string>): string => `{"tick":${tick},"rows":[${[...some.values()].join(",")}]}`;
  return {
    get tick() {
      return tick;
    },
    get size() {
      return rows.size;
    },
    take(this: void, row: StoredRow): void {
      const [icao24, text] = [String(row["icao24"]), JSON.stringify(toWire(row))];
      if (rows.get(icao24) === text) return;
      rows.set(icao24, text);
      changed.set(icao24, text);
    },
    /** Forgets what is not among `all`; returns how many. */
    dropOthers(all: readonly StoredRow[]): number {
      const known = new Set(all.map((row) => String(row["icao24"])));
      const gone = [...rows.keys()].filter((icao24) => !known.has(icao24));
      for (const icao24 of gone) rows.delete(icao24);
      if (gone.length > 0) encoded = undefined;
      return gone.length;
    },
    /** The next tick's delta; null when nothing changed. */
    advance(): string | null {
      tick++;
      if (changed.size === 0) return null;
      const text = textOf(changed);
      changed.clear();
      encoded = undefined;
      return text;
    },
    snapshot() {
      encoded ??= encode(textOf(rows), run);
      return encoded;
    },
  };
}

function encode(text: string, run: string): { gzip: Buffer; etag: string } {
  const gzip = gzipSync(text, { level: 1 });
  return { gzip, etag: `"${run}-${createHash("sha256").update(gzip).digest("hex").slice(0, 16)}"` };
}

const message = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

function answerSnapshot(
  { gzip, etag }: { gzip: Buffer; etag: string },
  { headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const head = { etag, "cache-control": "no-cache", "content-type": "application/json" };
  if (headers["if-none-match"] === etag) {
    response.writeHead(304, head).end();
    return;
  }
  response.writeHead(200, { ...head, "content-encoding": "gzip" }).end(gzip);
}
