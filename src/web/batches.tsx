import type { WireBatch } from "../server/wire.ts";
import { liveBatches } from "./state/aircraft.ts";
import { originFilter } from "./state/view.ts";
import { formatCount, formatTime } from "./ui/format.ts";

const MAX_LISTED = 200;

/** The batches that brought the newest row of at least one live aircraft. Pressing one filters the aircraft by it. */
export function Batches() {
  const batches = liveBatches.value;
  return (
    <>
      <p class="quiet">
        The newest rows of all aircraft came in {formatCount(batches.length)} batches. Select a batch to show only its
        aircraft.
      </p>
      <ul class="list" tabIndex={0} aria-label="Batches">
        {batches.slice(0, MAX_LISTED).map((batch) => (
          <Batch key={batch.batch_id} batch={batch} />
        ))}
      </ul>
    </>
  );
}

function Batch({ batch: { batch_id, flow, counts, received_at, applied_at } }: { batch: WireBatch }) {
  const isSelected = originFilter.value?.kind === "batch" && originFilter.value.batch_id === batch_id;
  return (
    <li>
      <button
        type="button"
        class="plain"
        aria-pressed={isSelected}
        data-batch={batch_id}
        onClick={() => (originFilter.value = isSelected ? null : { kind: "batch", batch_id })}
      >
        <b>{flow}</b> {batch_id.slice(0, 9)} · received {formatTime(received_at)}, visible {formatTime(applied_at)}
      </button>
      <p class="quiet">
        {formatCount(counts.received)} received = {formatCount(counts.accepted)} accepted +{" "}
        {formatCount(counts.duplicate)} duplicate + {formatCount(counts.rejected)} rejected ·{" "}
        {formatCount(counts.repeats)} repeats
      </p>
    </li>
  );
}
