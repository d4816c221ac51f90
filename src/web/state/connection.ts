import { signal } from "@preact/signals";
import type { FlowReport } from "../../flow/ledger/reconcile.ts";
import type { SourceStatus } from "../../source/source.ts";

/** What the server told; `live.ts` writes it. */
export const flows = signal<readonly FlowReport[]>([]);
/** Rows received per second, by flow; missing until two counts are known. */
export const rates = signal<Readonly<Record<string, number>>>({});
export const sources = signal<readonly SourceStatus[]>([]);
/** Unix s of the last word from the server; null before the first. */
export const lastData = signal<number | null>(null);
export const connection = signal<"connecting" | "live" | "disconnected">("connecting");

/** A rate spans this many seconds, so that one large batch does not make it jump. */
const RATE_SPAN_S = 10;
let counted: (readonly FlowReport[])[] = [];

/** Takes a new count of the flows. */
export function takeFlows(reports: readonly FlowReport[]): void {
  const at = reports[0]?.stored_at ?? 0;
  const kept = counted.filter(([known]) => known !== undefined && at > known.stored_at);
  // the last count before the span is where it begins
  const begin = kept.findLastIndex(([known]) => known !== undefined && at - known.stored_at >= RATE_SPAN_S);
  counted = [...kept.slice(Math.max(0, begin)), reports];
  const rate = ({ flow, received }: FlowReport): [string, number][] => {
    const before = counted[0]?.find((known) => known.flow === flow);
    return before === undefined || at <= before.stored_at || received < before.received
      ? []
      : [[flow, (received - before.received) / (at - before.stored_at)]];
  };
  rates.value = Object.fromEntries(reports.flatMap(rate));
  flows.value = reports;
}
