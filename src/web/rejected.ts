import { computed, effect, signal } from "@preact/signals";
import type { RejectedSample } from "../flow/read-routes.ts";
import { flows } from "./server.ts";
import { choice, showsRejected, tab } from "./view.ts";

/** The newest rejected rows, read while somebody looks at them. */
export const samples = signal<readonly RejectedSample[]>([]);
/** What came of the last replay. */
export const replayed = signal<string | null>(null);
const SAMPLES = 500;

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

/** Reads samples whenever more was rejected and they are seen. */
export function followRejected(): void {
  effect(() => {
    if (areSeen.value && rejectedRows.value > 0) void readSamples();
  });
}

/** Samples that cannot be read now come with the next rejection. */
async function readSamples(): Promise<void> {
  try {
    const response = await fetch(`/v1/rejections?limit=${SAMPLES}`);
    if (response.ok) samples.value = ((await response.json()) as { rejections: RejectedSample[] }).rejections;
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

/** What a rejected row claims of itself. */
interface Claim {
  sample: RejectedSample;
  icao24: string | null;
  /** deg; null where it claims no position on Earth. */
  position: readonly [longitude: number, latitude: number] | null;
}

export const claims = computed<readonly Claim[]>(() => samples.value.map(claimOf));

function claimOf(sample: RejectedSample): Claim {
  const row = objectOf(sample.row);
  const [longitude, latitude] = [degrees(row["longitude"], 180), degrees(row["latitude"], 90)];
  const icao24 = typeof row["icao24"] === "string" ? row["icao24"].trim().toLowerCase() : null;
  return { sample, icao24, position: longitude === null || latitude === null ? null : [longitude, latitude] };
}

/** A row that is no JSON object claims nothing. */
function objectOf(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function degrees(value: unknown, most: number): number | null {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof found === "number" && Math.abs(found) <= most ? found : null;
}

/** Addresses that rejected rows of a flow claim. */
export const rejectedAddresses = (flow: string): Set<string> =>
  new Set(claims.value.flatMap(({ sample, icao24 }) => (sample.flow === flow && icao24 !== null ? [icao24] : [])));
