import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { RejectedRow } from "../flow/rejected.ts";
import { flows } from "./store.ts";
import { clock, hexOf, many } from "./text.ts";

type Sample = RejectedRow & { flow: string; key: string };

const samples = signal<readonly Sample[]>([]);
const isOpen = signal(false);
const SAMPLES = 50;
const MOST_TEXT = 400;

/** Sums of both flows by reason, and the newest rejected rows as they came. */
export function Rejections() {
  const reasons = sumReasons();
  const total = reasons.reduce((sum, [, rows]) => sum + rows, 0);
  useEffect(() => {
    if (isOpen.value && total > 0) void readSamples();
  }, [total, isOpen.value]);
  return (
    <section aria-labelledby="rejections-title" class="rejections">
      <h2 id="rejections-title">
        Rejections{" "}
        <b data-name="rejections" data-value={total}>
          {many(total)}
        </b>
      </h2>
      <dl>
        {reasons.map(([reason, rows]) => (
          <div key={reason}>
            <dt>{reason}</dt>
            <dd data-reason={reason} data-value={rows}>
              {many(rows)}
            </dd>
          </div>
        ))}
      </dl>
      {total > 0 && (
        <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
          <summary>The newest, as they came</summary>
          <ul tabIndex={0} aria-label="Rejected rows">
            {samples.value.map((sample, i) => (
              <Rejected key={`${sample.key} ${sample.place} ${i}`} sample={sample} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Rejected({ sample }: { sample: Sample }) {
  const { reason, field, flow, source, place, received_at, row, bytes } = sample;
  return (
    <li>
      <span class="reason">{reason}</span>
      {field !== null && <> in {field}</>}
      <span class="quiet">
        {" "}
        {flow}, {source}, place {place}, {clock(received_at)}
      </span>
      <code>{row === undefined ? hexOf(bytes ?? "") : row.slice(0, MOST_TEXT)}</code>
    </li>
  );
}

function sumReasons(): [string, number][] {
  const sums = new Map<string, number>();
  for (const { reasons } of flows.value)
    for (const [reason, rows] of Object.entries(reasons)) sums.set(reason, (sums.get(reason) ?? 0) + rows);
  return [...sums].sort((a, b) => b[1] - a[1]);
}

/** Samples that cannot be read now come with the next rejection. */
async function readSamples(): Promise<void> {
  try {
    const response = await fetch(`/v1/rejections?limit=${SAMPLES}`);
    if (response.ok) samples.value = ((await response.json()) as { rejections: Sample[] }).rejections;
  } catch {
    // the connection's own state tells that the server is away
  }
}
