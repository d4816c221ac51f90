import { signal } from "@preact/signals";
import type { RejectedSample } from "../flow/api/read-routes.ts";
import { reasons, replay, replayed, samples } from "./state/rejected.ts";
import { sources } from "./state/connection.ts";
import { clock, hexOf, many } from "./ui/text.ts";

const MOST_TEXT = 600;
const MOST_SHOWN = 100;
/** A reason whose rows alone are shown; null: all. */
const reason = signal<string | null>(null);

/** A server that only watches has no feed, and sends nothing through the rules. */
const takesIn = (): boolean => sources.value.length > 0;

/** Sums of both flows by reason, and the newest rejected rows as they came, each with its replay. */
export function Rejections() {
  const shown = samples.value.filter((one) => reason.value === null || one.reason === reason.value);
  return (
    <>
      <dl class="reasons">
        {reasons.value.map(([name, rows]) => (
          <div key={name}>
            <dt>
              <button
                type="button"
                class="plain"
                aria-pressed={reason.value === name}
                onClick={() => (reason.value = reason.value === name ? null : name)}
              >
                {name}
              </button>
            </dt>
            <dd data-reason={name} data-value={rows}>
              {many(rows)}
            </dd>
          </div>
        ))}
      </dl>
      <p class="quiet">
        The newest {many(Math.min(MOST_SHOWN, shown.length))}, as they came.{" "}
        {takesIn() && (
          <button type="button" onClick={() => void replay(null)}>
            Replay all of earlier rules
          </button>
        )}
      </p>
      {replayed.value !== null && (
        <p role="status" class="replayed">
          {replayed.value}
        </p>
      )}
      <ul class="list" tabIndex={0} aria-label="Rejected rows">
        {shown.slice(0, MOST_SHOWN).map((sample) => (
          <Rejected key={`${sample.key} ${sample.index}`} sample={sample} />
        ))}
      </ul>
    </>
  );
}

function Rejected({ sample }: { sample: RejectedSample }) {
  const { reason: why, field, flow, source, line, element, received_at, row, bytes } = sample;
  return (
    <li>
      {takesIn() && (
        <button type="button" onClick={() => void replay(sample)} aria-label={`Replay this row, rejected as ${why}`}>
          Replay
        </button>
      )}
      <span class="reason">{why}</span>
      {field !== null && <> in {field}</>}
      <span class="quiet">
        {" "}
        {flow}, {source}, {element === undefined ? `line ${line}` : `element ${element}`}, {clock(received_at)}
      </span>
      <code>{row === undefined ? hexOf(bytes ?? "") : row.slice(0, MOST_TEXT)}</code>
    </li>
  );
}
