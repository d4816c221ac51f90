import { computed, effect, signal } from "@preact/signals";
import type { RejectedSample } from "../../flow/api/read-routes.ts";
import type { ClaimedSample } from "../../server/wire.ts";
import { flows } from "./connection.ts";
import { choice, showsRejected, tab } from "./view.ts";

/** The newest rejected rows, read while somebody looks at them. */
export const samples = signal<readonly ClaimedSample[]>([]);
/** What came of the last replay. */
export const replayed = signal<string | null>(null);

/** Rejected rows of both flows by reason, most first. */
export const reasons = computed<readonly (readonly [string, number])[]>(() => {
  const sums = new Map<string, number>();
  for (const flow of flows.value)
    for (const [reason, rows] of Object.entries(flow.reasons)) sums.set(reason, (sums.get(reason) ?? 0) + rows);
  return [...sums].sort((a, b) => b[1] - a[1]);
});
export const rejectedRows = computed(() => reasons.value.reduce((sum, [, rows]) => sum + rows, 0));

const areSeen = computed(
  () =>
    tab.value === "rejections" ||
    showsRejected.value ||
    (choice.value?.kind === "part" && choice.value.part === "rejected"),
);

const AGAIN_MS = 5_000;

/** Reads samples when more was rejected and they are seen: once at a time, and not all the time. */
export function followRejected(): void {
  let known = -1;
  let isReading = false;
  const look = async (): Promise<void> => {
    if (isReading || !areSeen.value || rejectedRows.value === known || document.hidden) return;
    isReading = true;
    known = rejectedRows.value;
    await readSamples();
    setTimeout(() => {
      isReading = false;
      void look();
    }, AGAIN_MS);
  };
  effect(() => {
    void areSeen.value;
    void rejectedRows.value;
    void look();
  });
}

/** Samples that cannot be read now come with the next rejection. */
async function readSamples(): Promise<void> {
  try {
    const response = await fetch("/live/rejections");
    if (response.ok) samples.value = ((await response.json()) as { rejections: ClaimedSample[] }).rejections;
  } catch {
    // the connection's own state tells that the server is away
  }
}

/** Sends one rejected row, or with null all that older rules rejected, through the rules again. */
export async function replay(sample: RejectedSample | null): Promise<void> {
  const query =
    sample === null ? "all=true" : `key=${encodeURIComponent(sample.key)}&index=${encodeURIComponent(sample.index)}`;
  try {
    const response = await fetch(`/live/replay?${query}`, { method: "POST" });
    const answer = (await response.json()) as
      | { rows: number; cleaned: number; rejected: number }
      | { error: { message: string } };
    replayed.value =
      "error" in answer
        ? answer.error.message
        : `${answer.rows} replayed: ${answer.cleaned} clean now, ${answer.rejected} rejected again`;
    void readSamples();
  } catch {
    replayed.value = "the server does not answer";
  }
}

/** Addresses that rejected rows of a flow claim. */
export const rejectedAddresses = (flow: string): Set<string> =>
  new Set(samples.value.flatMap((sample) => (sample.flow === flow && sample.icao24 !== null ? [sample.icao24] : [])));
