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

interface Client {
  response: ServerResponse;
  /** Its buffer is full: it gets nothing until it is empty, and then fetches the snapshot anew. */
  isBehind: boolean;
}

export function liveFeed({ tick_ms = TICK_MS }: { tick_ms?: number } = {}): LiveFeed {
  const rows = new Map<string, string>();
  const changed = new Map<string, string>();
  const clients = new Set<Client>();
  /** Tells snapshots of another run from ours. */
  const run = randomBytes(4).toString("hex");
  const latest = { flows: message("flows", { flows: [] }), sources: message("sources", { sources: [] }) };
  let tick = 0;
  let encoded: { tick: number; gzip: Buffer; etag: string } | undefined;

  const broadcast = (text: string): void => {
    for (const client of clients) if (!client.isBehind) client.isBehind = !client.response.write(text);
  };
  const set = (name: keyof typeof latest, text: string): void => {
    if (latest[name] === text) return;
    latest[name] = text;
    broadcast(text);
  };
  const take = (row: StoredRow): void => {
    const [icao24, text] = [String(row["icao24"]), JSON.stringify(toWire(row))];
    if (rows.get(icao24) === text) return;
    rows.set(icao24, text);
    changed.set(icao24, text);
  };
  const advance = (): void => {
    tick++;
    if (tick % HEARTBEAT_TICKS === 0) broadcast(": alive\n\n");
    if (changed.size === 0) return;
    broadcast(`event: aircraft\ndata: {"tick":${tick},"rows":[${[...changed.values()].join(",")}]}\n\n`);
    changed.clear();
    encoded = undefined;
  };
  const encode = () => {
    const gzip = gzipSync(`{"tick":${tick},"rows":[${[...rows.values()].join(",")}]}`, { level: 1 });
    const etag = `"${run}-${createHash("sha256").update(gzip).digest("hex").slice(0, 16)}"`;
    return { tick, gzip, etag };
  };
  const timer = setInterval(advance, tick_ms);
  timer.unref();

  return {
    update(some) {
      for (const row of some) take(row);
    },
    replace(all) {
      const known = new Set(all.map((row) => String(row["icao24"])));
      const gone = [...rows.keys()].filter((icao24) => !known.has(icao24));
      for (const icao24 of gone) rows.delete(icao24);
      for (const row of all) take(row);
      if (gone.length === 0) return;
      encoded = undefined;
      broadcast(message("resync", {}));
    },
    setFlows: (flows) => set("flows", message("flows", { flows })),
    setSources: (sources) => set("sources", message("sources", { sources })),
    snapshot(request, response) {
      encoded ??= encode();
      answerSnapshot(encoded, request, response);
    },
    events(request, response) {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      const client: Client = { response, isBehind: false };
      clients.add(client);
      response.on("drain", () => {
        client.isBehind = false;
        response.write(`${message("resync", {})}${latest.flows}${latest.sources}`);
      });
      request.on("close", () => clients.delete(client));
      client.isBehind = !response.write(`${latest.flows}${latest.sources}`);
    },
    get size() {
      return rows.size;
    },
    close() {
      clearInterval(timer);
      for (const { response } of clients) response.end();
      clients.clear();
    },
  };
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
