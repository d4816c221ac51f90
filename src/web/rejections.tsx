import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { RejectedRow } from "../flow/rejected.ts";
import { flows } from "./store.ts";

type Sample = RejectedRow & { flow: string; key: string };

const samples = signal<readonly Sample[]>([]);
const SAMPLES = 20;

/** Sums of both flows by reason, and the newest rejected rows as they came. */
export function Rejections() {
  const reasons = sumReasons();
  const total = reasons.reduce((sum, [, rows]) => sum + rows, 0);
  useEffect(() => {
    if (total > 0) void readSamples();
  }, [total]);
  return (
    <section aria-labelledby="rejections-title" class="rejections">
      <h2 id="rejections-title">Rejections</h2>
      {total === 0 && <p class="quiet">None so far.</p>}
      <dl>
        {reasons.map(([reason, rows]) => (
          <div key={reason}>
            <dt>{reason}</dt>
            <dd data-reason={reason} data-value={rows}>
              {rows.toLocaleString("en-US")}
            </dd>
          </div>
        ))}
      </dl>
      {samples.value.length > 0 && (
        <details>
          <summary>The newest {samples.value.length}</summary>
          <ul tabIndex={0} aria-label="Rejected rows">
            {samples.value.map((sample) => (
              <li key={`${sample.key} ${sample.place}`}>
                <span class="reason">{sample.reason}</span> {sample.source}, place {sample.place}
                <code>{(sample.row ?? bytesOf(sample.bytes)).slice(0, 400)}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function sumReasons(): [string, number][] {
  const sums = new Map<string, number>();
  for (const { reasons } of flows.value)
    for (const [reason, rows] of Object.entries(reasons)) sums.set(reason, (sums.get(reason) ?? 0) + rows);
  return [...sums].sort((a, b) => b[1] - a[1]);
}

const bytesOf = (base64 = ""): string => `bytes ${base64}`;

/** Samples that cannot be read now come with the next rejection. */
async function readSamples(): Promise<void> {
  const response = await fetch(`/v1/rejections?limit=${SAMPLES}`).catch(() => null);
  if (response?.ok === true) samples.value = ((await response.json()) as { rejections: Sample[] }).rejections;
}
