import type { FlowReport } from "../../flow/ledger/reconcile.ts";
import type { Delta, WireSnapshot } from "../../server/wire.ts";
import type { SourceStatus } from "../../source/source.ts";
import { applyDelta, applySnapshot } from "./aircraft.ts";
import { connection, lastData, sources, updateFlows } from "./connection.ts";

const RETRY_MS = 1_000;
/** An open connection without a message for this long is dead: the server sends a heartbeat every 15 s. */
const MAX_SILENCE_S = 40;

let events: EventSource | undefined;
let retryTimer: number | undefined;
/** The snapshot request under way, and the deltas received since it started. */
let pendingSnapshot: { abort: AbortController; deltas: Delta[] } | undefined;

/** Follows the server's events while the page is visible. A hidden page keeps no connection open. */
export function followServer(): void {
  setInterval(() => {
    const isSilent = Date.now() / 1000 - (lastData.value ?? Infinity) > MAX_SILENCE_S;
    if (connection.value === "live" && isSilent) reconnect();
  }, RETRY_MS);
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  connect();
}

function connect(): void {
  disconnect();
  const source = new EventSource("/live/events");
  events = source;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the server and the page share these types
  const on = <T>(name: string, apply: (data: T) => void) =>
    source.addEventListener(name, ({ data }: MessageEvent<string>) => {
      recordContact();
      apply(JSON.parse(data) as T);
    });
  on<{ flows: FlowReport[] }>("flows", (data) => updateFlows(data.flows));
  on<{ sources: SourceStatus[] }>("sources", (data) => (sources.value = data.sources));
  on<Delta>("aircraft", (delta) => {
    // a delta applies to the snapshot before it, so it waits for a pending one
    if (pendingSnapshot === undefined) applyDelta(delta);
    else pendingSnapshot.deltas.push(delta);
  });
  on("alive", () => {});
  on("resync", () => void fetchSnapshot());
  source.addEventListener("open", () => {
    connection.value = "live";
    void fetchSnapshot();
  });
  source.addEventListener("error", reconnect);
}

function disconnect(): void {
  window.clearTimeout(retryTimer);
  pendingSnapshot?.abort.abort();
  // deltas wait for the snapshot of the next connection
  pendingSnapshot = { abort: new AbortController(), deltas: [] };
  events?.close();
  events = undefined;
}

function reconnect(): void {
  connection.value = "disconnected";
  disconnect();
  if (!document.hidden) retryTimer = window.setTimeout(connect, RETRY_MS);
}

/** Deltas without a snapshot would show only some of the aircraft. A snapshot that fails therefore restarts the connection. */
async function fetchSnapshot(): Promise<void> {
  pendingSnapshot?.abort.abort();
  const request = { abort: new AbortController(), deltas: [] as Delta[] };
  pendingSnapshot = request;
  try {
    const response = await fetch("/live/aircraft", { signal: request.abort.signal });
    if (!response.ok) throw new Error(`GET /live/aircraft failed with status ${response.status}`);
    const snapshot = (await response.json()) as WireSnapshot;
    if (pendingSnapshot !== request) return;
    pendingSnapshot = undefined;
    recordContact();
    applySnapshot(snapshot);
    for (const delta of request.deltas) if (delta.tick > snapshot.tick) applyDelta(delta);
  } catch {
    if (pendingSnapshot === request) reconnect();
  }
}

const recordContact = (): void => void (lastData.value = Math.floor(Date.now() / 1000));
