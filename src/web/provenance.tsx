import { valueOf, type WireRow } from "../local/wire.ts";
import { batchOf } from "./aircraft.ts";
import { origin } from "./history.ts";
import { clock, many } from "./text.ts";
import { choice } from "./view.ts";

/** How the newest row came to be: flow and batch, when it was where, what the rules noticed, and what arrived. */
export function Provenance({ row }: { row: WireRow }) {
  const flags = String(valueOf(row, "flags") ?? "");
  return (
    <div class="provenance">
      <h3>Where this row comes from</h3>
      <p class="quiet">
        {flags === "" ? "No rule noticed anything." : `Rules noticed: ${flags.replaceAll(",", ", ")}`}
      </p>
      <Steps />
      <BatchOf row={row} />
      <Raw />
    </div>
  );
}

function Steps() {
  const found = origin.value;
  if (found === null) return <p class="quiet">Looking it up…</p>;
  const received_at = Number(found.row["received_at"]);
  const steps = [
    ["observed", Number(found.row["last_contact"])],
    ["received", received_at],
    ["cleaned", found.cleaned_at],
    ["visible", found.ledger?.applied_at ?? null],
  ] as const;
  return (
    <ol class="steps" data-flow={found.flow}>
      {steps.map(([name, at]) => (
        <li key={name}>
          {name} <b data-name={name}>{at === null ? "with its batch" : clock(at)}</b>
        </li>
      ))}
    </ol>
  );
}

function BatchOf({ row }: { row: WireRow }) {
  const batch = batchOf(row);
  const found = origin.value;
  const batch_id = batch?.batch_id ?? (found === null ? null : String(found.row["batch_id"]));
  if (batch_id === null) return null;
  const isChosen = choice.value?.kind === "batch" && choice.value.batch_id === batch_id;
  return (
    <p>
      Batch{" "}
      <button
        type="button"
        aria-pressed={isChosen}
        data-name="batch"
        title="Show the aircraft of this batch alone"
        onClick={() => (choice.value = isChosen ? null : { kind: "batch", batch_id })}
      >
        {batch_id.slice(0, 9)}
      </button>{" "}
      of the {batch_id.startsWith("r") ? "request" : "stream"} flow
      {batch?.counts && (
        <span class="quiet">
          : {many(batch.counts.received)} received, {many(batch.counts.accepted)} accepted,{" "}
          {many(batch.counts.duplicate)} duplicate, {many(batch.counts.rejected)} rejected
        </span>
      )}
      {batch?.contract && <span class="quiet">, contract {batch.contract}</span>}
    </p>
  );
}

function Raw() {
  const found = origin.value;
  if (found === null) return null;
  if (found.raw === null) return <p class="quiet">What arrived is not kept here any more.</p>;
  return (
    <details>
      <summary>As it arrived</summary>
      <code data-name="raw">{found.raw}</code>
    </details>
  );
}
