import { computed, effect, signal } from "@preact/signals";
import type { RejectedSample } from "../../flow/api/read-routes.ts";
import type { RejectedPosition } from "../../server/wire.ts";
import { flows } from "./connection.ts";
import { originFilter, showsRejected, tab } from "./view.ts";

/** The newest rejected rows. Fetched only while the page shows them. */
export const rejectedSamples = signal<readonly RejectedPosition[]>([]);
/** The result or the error of the last replay, as text. */
export const replayResult = signal<string | null>(null);

/** Rejected rows of both flows by reason, the largest count first. */
export const reasons = computed<readonly (readonly [string, number])[]>(() => {
  const sums = new Map<string, number>();
  for (const flow of flows.value)
    for (const [reason, rows] of Object.entries(flow.reasons)) sums.set(reason, (sums.get(reason) ?? 0) + rows);
  return [...sums].sort((a, b) => b[1] - a[1]);
});
export const rejectedCount = computed(() => reasons.value.reduce((sum, [, rows]) => sum + rows, 0));

const areSamplesVisible = computed(
  () =>
    tab.value === "rejections" ||
    showsRejected.value ||
    (originFilter.value?.kind === "outcome" && originFilter.value.outcome === "rejected"),
);

const MIN_INTERVAL_MS = 5_000;

/** Fetches samples when the rejected count changes while they are visible. One request at a time, at most one per 5 s. */
export function followRejected(): void {
  let fetchedCount = -1;
  let isWaiting = false;
  const fetchIfChanged = async (): Promise<void> => {
    if (isWaiting || !areSamplesVisible.value || rejectedCount.value === fetchedCount || document.hidden) return;
    isWaiting = true;
    fetchedCount = rejectedCount.value;
    await fetchSamples();
    setTimeout(() => {
      isWaiting = false;
      void fetchIfChanged();
    }, MIN_INTERVAL_MS);
  };
  effect(() => {
    void areSamplesVisible.value;
    void rejectedCount.value;
    void fetchIfChanged();
  });
}

/** A failed request is not repeated. The next rejection causes a new one. */
async function fetchSamples(): Promise<void> {
  try {
    const response = await fetch("/live/rejections");
    if (response.ok) rejectedSamples.value = ((await response.json()) as { rejections: RejectedPosition[] }).rejections;
  } catch {
    // `connection` reports a lost server
  }
}

/** Replays one rejected row through the rules. With null: all rows that an earlier version of the rules rejected. */
export async function replay(sample: RejectedSample | null): Promise<void> {
  const query =
    sample === null ? "all=true" : `key=${encodeURIComponent(sample.key)}&index=${encodeURIComponent(sample.index)}`;
  try {
    const response = await fetch(`/live/replay?${query}`, { method: "POST" });
    const answer = (await response.json()) as
      | { rows: number; cleaned: number; rejected: number }
      | { error: { message: string } };
    replayResult.value =
      "error" in answer
        ? answer.error.message
        : `${answer.rows} replayed: ${answer.cleaned} clean now, ${answer.rejected} rejected again`;
    void fetchSamples();
  } catch {
    replayResult.value = "the server does not respond";
  }
}

/** The addresses that a flow's newest rejected rows claim. */
export const rejectedAddresses = (flow: string): Set<string> =>
  new Set(
    rejectedSamples.value.flatMap((sample) => (sample.flow === flow && sample.icao24 !== null ? [sample.icao24] : [])),
  );
