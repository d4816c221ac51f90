import type { WireBatch } from "../server/wire.ts";
import { liveBatches } from "./state/aircraft.ts";
import { clock, many } from "./ui/text.ts";
import { choice } from "./state/view.ts";

const MOST = 200;

/** The batches that brought what is seen now; one that is chosen shows its aircraft alone. */
export function Batches() {
  const batches = liveBatches.value;
  return (
    <>
      <p class="quiet">
        {many(batches.length)} batches brought the newest rows of all aircraft. Choose one to see those that it brought.
      </p>
      <ul class="list" tabIndex={0} aria-label="Batches">
        {batches.slice(0, MOST).map((batch) => (
          <Batch key={batch.batch_id} batch={batch} />
        ))}
      </ul>
    </>
  );
}

function Batch({ batch: { batch_id, flow, counts, received_at, applied_at } }: { batch: WireBatch }) {
  const isChosen = choice.value?.kind === "batch" && choice.value.batch_id === batch_id;
  return (
    <li>
      <button
        type="button"
        class="plain"
        aria-pressed={isChosen}
        data-batch={batch_id}
        onClick={() => (choice.value = isChosen ? null : { kind: "batch", batch_id })}
      >
        <b>{flow}</b> {batch_id.slice(0, 9)} · received {clock(received_at)}, visible {clock(applied_at)}
      </button>
      <p class="quiet">
        {many(counts.received)} = {many(counts.accepted)} accepted + {many(counts.duplicate)} duplicate +{" "}
        {many(counts.rejected)} rejected; {many(counts.repeats)} repeats
      </p>
    </li>
  );
}
