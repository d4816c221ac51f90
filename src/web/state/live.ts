import type { FlowReport } from "../../flow/ledger/reconcile.ts";
import type { Delta, Snapshot } from "../../server/wire.ts";
import type { SourceStatus } from "../../source/source.ts";
import { takeDelta, takeSnapshot } from "./aircraft.ts";
import { connection, lastData, sources, takeFlows } from "./connection.ts";

const RETRY_MS = 1_000;
/** A line that is open and tells nothing for so long is dead: the server says a word every 15 s. */
const SILENT_S = 40;

let events: EventSource | undefined;
let retry: number | undefined;
/** The snapshot on its way, and the deltas that came since it was asked for. */
let asked: { abort: AbortController; deltas: Delta[] } | undefined;

/** Follows the server while the page is seen; a hidden page keeps no connection open. */
export function follow(): void {
  setInterval(() => {
    const isSilent = Date.now() / 1000 - (lastData.value ?? Infinity) > SILENT_S;
    if (connection.value === "live" && isSilent) lost();
  }, RETRY_MS);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}

function open(): void {
  close();
  const source = new EventSource("/live/events");
  events = source;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the server and the page share these types
  const on = <T>(name: string, take: (data: T) => void) =>
    source.addEventListener(name, ({ data }: MessageEvent<string>) => {
      heard();
      take(JSON.parse(data) as T);
    });
  on<{ flows: FlowReport[] }>("flows", (data) => takeFlows(data.flows));
  on<{ sources: SourceStatus[] }>("sources", (data) => (sources.value = data.sources));
  on<Delta>("aircraft", (delta) => {
    // a change means nothing without what was before it
    if (asked === undefined) takeDelta(delta);
    else asked.deltas.push(delta);
  });
  on("alive", () => {});
  on("resync", () => void snapshot());
  source.addEventListener("open", () => {
    connection.value = "live";
    void snapshot();
  });
  source.addEventListener("error", lost);
}

function close(): void {
  window.clearTimeout(retry);
  asked?.abort.abort();
  // what comes before the next snapshot waits for it
  asked = { abort: new AbortController(), deltas: [] };
  events?.close();
  events = undefined;
}

function lost(): void {
  connection.value = "disconnected";
  close();
  if (!document.hidden) retry = window.setTimeout(open, RETRY_MS);
}

/** A stream without its snapshot would show a part for the whole, so a snapshot that fails begins both anew. */
async function snapshot(): Promise<void> {
  asked?.abort.abort();
  const mine = { abort: new AbortController(), deltas: [] as Delta[] };
  asked = mine;
  try {
    const response = await fetch("/live/aircraft", { signal: mine.abort.signal });
    if (!response.ok) throw new Error(`the snapshot was answered with ${response.status}`);
    const found = (await response.json()) as Snapshot;
    if (asked !== mine) return;
    asked = undefined;
    heard();
    takeSnapshot(found);
    for (const delta of mine.deltas) if (delta.tick > found.tick) takeDelta(delta);
  } catch {
    if (asked === mine) lost();
  }
}

const heard = (): void => void (lastData.value = Math.floor(Date.now() / 1000));
