import type { IncomingMessage, ServerResponse } from "node:http";
import type { FlowReport } from "../flow/ledger/reconcile.ts";
import type { StoredRow } from "../flow/queries.ts";
import type { SourceStatus } from "../source/source.ts";
import { aircraftTable } from "./aircraft-table.ts";
import type { WireBatch } from "./wire.ts";

/** The live data of the page: every aircraft in memory, and one encoded message per tick for all clients. */
export interface LiveFeed {
  /** Adds rows that may be new. The next tick sends the rows that change something. */
  update(rows: readonly StoredRow[]): void;
  /** Replaces all rows. An aircraft that is not among them is removed. */
  replace(rows: readonly StoredRow[]): void;
  /** Adds the ledger row of a batch that rows name. */
  addBatch(batch: Omit<WireBatch, "n">): void;
  /** Whether the feed has the ledger row of this batch. */
  hasBatch(batch_id: string): boolean;
  setFlows(flows: readonly FlowReport[]): void;
  setSources(sources: readonly SourceStatus[]): void;
  /** Answers `GET /live/aircraft`. */
  snapshot(request: IncomingMessage, response: ServerResponse): void;
  /** Answers `GET /live/events` until the client disconnects. */
  events(request: IncomingMessage, response: ServerResponse): void;
  /** Number of aircraft in memory. */
  readonly size: number;
  close(): void;
}

const TICK_MS = 1_000;
/** Heartbeat: lets both ends detect a dead connection. */
const HEARTBEAT_TICKS = 15;

/**
 * A client with more unsent bytes than this is behind. `write` reports backpressure from 16 KiB, but one tick of many
 * aircraft always has more than that.
 */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

interface Client {
  response: ServerResponse;
  /** Too many bytes are unsent. The client gets nothing until they are sent, and must then fetch the snapshot again. */
  isBehind: boolean;
}

export function liveFeed({ tick_ms = TICK_MS }: { tick_ms?: number } = {}): LiveFeed {
  const latest = { flows: message("flows", { flows: [] }), sources: message("sources", { sources: [] }) };
  const clients = eventClients(() => `${latest.flows}${latest.sources}`);
  const table = aircraftTable();
  const set = (name: keyof typeof latest, text: string): void => {
    if (latest[name] === text) return;
    latest[name] = text;
    clients.send(text);
  };
  const timer = setInterval(() => {
    const delta = table.advance();
    if (delta !== null) clients.send(`event: aircraft\ndata: ${delta}\n\n`);
    else if (table.tick % HEARTBEAT_TICKS === 0) clients.send(message("alive", {}));
  }, tick_ms);
  timer.unref();
  return {
    update: (rows) => rows.forEach(table.put),
    replace(all) {
      table.removeOthers(all);
      all.forEach(table.put);
    },
    addBatch: table.addBatch,
    hasBatch: table.hasBatch,
    setFlows: (flows) => set("flows", message("flows", { flows })),
    setSources: (sources) => set("sources", message("sources", { sources })),
    snapshot: (request, response) => answerSnapshot(table.snapshot(), request, response),
    events: clients.add,
    get size() {
      return table.size;
    },
    close() {
      clearInterval(timer);
      clients.close();
    },
  };
}

/** The clients of the event stream. A client gets the greeting at first, and again after it was behind. */
function eventClients(greeting: () => string) {
  const clients = new Set<Client>();
  return {
    send(text: string): void {
      for (const client of clients) {
        if (client.isBehind) continue;
        client.response.write(text);
        client.isBehind = client.response.writableLength > MAX_UNSENT_BYTES;
      }
    },
    add(request: IncomingMessage, response: ServerResponse): void {
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
