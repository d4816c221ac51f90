import { signal } from "@preact/signals";
import type { RejectedSample } from "../flow/api/read-routes.ts";
import { sources } from "./state/connection.ts";
import { reasons, rejectedSamples, replay, replayResult } from "./state/rejected.ts";
import { formatTime, formatBytes, formatCount } from "./ui/format.ts";

/** Characters */
const MAX_TEXT = 600;
const MAX_LISTED = 100;
/** Shows only rows rejected for this reason. Null: all rows. */
const reasonFilter = signal<string | null>(null);

/** A read-only server has no sources, and refuses replays. */
const acceptsReplays = (): boolean => sources.value.length > 0;

/** Counts of both flows by reason, and the newest rejected rows as received. Each row can be replayed. */
export function Rejections() {
  const listed = rejectedSamples.value.filter(
    (sample) => reasonFilter.value === null || sample.reason === reasonFilter.value,
  );
  return (
    <>
      <dl class="reasons">
        {reasons.value.map(([name, rows]) => (
          <div key={name}>
            <dt>
              <button
                type="button"
                class="plain"
                aria-pressed={reasonFilter.value === name}
                onClick={() => (reasonFilter.value = reasonFilter.value === name ? null : name)}
              >
                {name}
              </button>
            </dt>
            <dd data-reason={name} data-value={rows}>
              {formatCount(rows)}
            </dd>
          </div>
        ))}
      </dl>
      <p class="quiet">
        The newest {formatCount(Math.min(MAX_LISTED, listed.length))} rejected rows, as received.{" "}
        {acceptsReplays() && (
          <button type="button" onClick={() => void replay(null)}>
            Replay rows rejected by earlier rules
          </button>
        )}
      </p>
      {replayResult.value !== null && (
        <p role="status" class="replayed">
          {replayResult.value}
        </p>
      )}
      <ul class="list" tabIndex={0} aria-label="Rejected rows">
        {listed.slice(0, MAX_LISTED).map((sample) => (
          <Rejected key={`${sample.key} ${sample.index}`} sample={sample} />
        ))}
      </ul>
    </>
  );
}

function Rejected({ sample }: { sample: RejectedSample }) {
  const { reason, field, flow, source, line, element, received_at, row, bytes } = sample;
  return (
    <li>
      {acceptsReplays() && (
        <button
          type="button"
          onClick={() => void replay(sample)}
          aria-label={`Replay this row, rejected for ${reason}`}
        >
          Replay
        </button>
      )}
      <span class="reason">{reason}</span>
      {field !== null && <> in {field}</>}
      <span class="quiet">
        {" "}
        {flow}, {source}, {element === undefined ? `line ${line}` : `element ${element}`}, {formatTime(received_at)}
      </span>
      <code>{row === undefined ? formatBytes(bytes ?? "") : row.slice(0, MAX_TEXT)}</code>
    </li>
  );
}
