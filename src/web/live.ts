import type { FlowReport } from "../flow/flows.ts";
import type { Delta, Snapshot } from "../local/wire.ts";
import type { SourceStatus } from "../source/source.ts";
import { flows, isConnected, lastData, sources, takeRows, takeSnapshot } from "./store.ts";

const RETRY_MS = 1_000;

let events: EventSource | undefined;
let retry: number | undefined;

/** Follows the server while the page is seen; a hidden page keeps no connection open. */
export function follow(): void {
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
      lastData.value = Date.now();
      take(JSON.parse(data) as T);
    });
  on<{ flows: FlowReport[] }>("flows", (data) => (flows.value = data.flows));
  on<{ sources: SourceStatus[] }>("sources", (data) => (sources.value = data.sources));
  on<Delta>("aircraft", ({ rows }) => takeRows(rows));
  on("resync", () => void snapshot());
  source.addEventListener("open", () => {
    isConnected.value = true;
    void snapshot();
  });
  source.addEventListener("error", () => {
    isConnected.value = false;
    close();
    retry = window.setTimeout(open, RETRY_MS);
  });
}

function close(): void {
  window.clearTimeout(retry);
  events?.close();
  events = undefined;
}

/** A snapshot that fails comes with the next connection. */
async function snapshot(): Promise<void> {
  try {
    const response = await fetch("/live/aircraft");
    if (!response.ok) return;
    takeSnapshot(((await response.json()) as Snapshot).rows);
    lastData.value = Date.now();
  } catch {
    isConnected.value = false;
  }
}
