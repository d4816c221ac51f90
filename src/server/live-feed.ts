import type { IncomingMessage, ServerResponse } from "node:http";
import type { FlowReport } from "../flow/ledger/reconcile.ts";
import type { StoredRow } from "../flow/queries.ts";
import type { SourceStatus } from "../source/source.ts";
import { aircraftTable } from "./aircraft-table.ts";
import type { WireBatch } from "./wire.ts";

/** What the page follows: every aircraft in memory, and one encoded message per tick for all who listen. */
export interface LiveFeed {
  /** Takes rows that may be new; those that change something go out at the next tick. */
  update(rows: readonly StoredRow[]): void;
  /** Takes all rows there are: what is not among them is gone. */
  replace(rows: readonly StoredRow[]): void;
  /** Takes the ledger row of a batch that rows name. */
  takeBatch(batch: Omit<WireBatch, "n">): void;
  /** Its ledger row is known. */
  hasBatch(batch_id: string): boolean;
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
/** A word now and then shows both sides that the line is alive. */
const HEARTBEAT_TICKS = 15;

/** Bytes that may wait for a client: `write` answers false from 16 KiB on, which one tick of many aircraft always has. */
const MAX_WAITING = 8 * 1024 * 1024;

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
    else if (table.tick % HEARTBEAT_TICKS === 0) to.send(message("alive", {}));
  }, tick_ms);
  timer.unref();
  return {
    update: (rows) => rows.forEach(table.take),
    replace(all) {
      table.dropOthers(all);
      all.forEach(table.take);
    },
    takeBatch: table.takeBatch,
    hasBatch: table.hasBatch,
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
        client.isBehind = client.response.writableLength > MAX_WAITING;
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
