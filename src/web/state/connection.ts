import { signal } from "@preact/signals";
import type { FlowReport } from "../../flow/ledger/reconcile.ts";
import type { SourceStatus } from "../../source/source.ts";

/** State of the connection and the server's last reports. `live.ts` writes it. */
export const flows = signal<readonly FlowReport[]>([]);
/** Rows received per second, by flow. Missing until two counts are known. */
export const rates = signal<Readonly<Record<string, number>>>({});
export const sources = signal<readonly SourceStatus[]>([]);
/** Unix s of the last message from the server. Null before the first. */
export const lastData = signal<number | null>(null);
export const connection = signal<"connecting" | "live" | "disconnected">("connecting");

/** A rate covers this many seconds, so that one large batch does not make it jump. */
const RATE_SPAN_S = 10;
let counts: (readonly FlowReport[])[] = [];

/** Stores a new count of both flows and updates the rates. */
export function updateFlows(reports: readonly FlowReport[]): void {
  const at = reports[0]?.stored_at ?? 0;
  const older = counts.filter(([previous]) => previous !== undefined && at > previous.stored_at);
  // the rate starts at the last count before the span
  const start = older.findLastIndex(([previous]) => previous !== undefined && at - previous.stored_at >= RATE_SPAN_S);
  counts = [...older.slice(Math.max(0, start)), reports];
  const rate = ({ flow, received }: FlowReport): [string, number][] => {
    const before = counts[0]?.find((previous) => previous.flow === flow);
    return before === undefined || at <= before.stored_at || received < before.received
      ? []
      : [[flow, (received - before.received) / (at - before.stored_at)]];
  };
  rates.value = Object.fromEntries(reports.flatMap(rate));
  flows.value = reports;
}
