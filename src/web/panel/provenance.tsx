import type { RowProvenance } from "../../flow/api/provenance.ts";
import { sumOfCounts } from "../../flight/rejection.ts";
import { origin } from "../state/history.ts";
import { clock, many } from "../ui/text.ts";
import { choice } from "../state/view.ts";

/** How the newest row came to be: flow and batch, when it was where, what the rules noticed, and what arrived. */
export function Provenance() {
  const found = origin.value;
  return (
    <div class="provenance">
      <h3>Where its newest row comes from</h3>
      {found === null ? (
        <p class="quiet">Looking it up…</p>
      ) : (
        <>
          <p class="quiet">{noticed(String(found.row["flags"]))}</p>
          <Steps of={found} />
          <BatchOf of={found} />
          <Raw of={found} />
        </>
      )}
    </div>
  );
}

const noticed = (flags: string): string =>
  flags === "" ? "No rule noticed anything." : `Rules noticed: ${flags.replaceAll(",", ", ")}`;

function Steps({ of: { row, flow, cleaned_at, ledger } }: { of: RowProvenance }) {
  const steps = [
    ["observed", Number(row["last_contact"])],
    ["received", Number(row["received_at"])],
    ["cleaned", cleaned_at],
    ["visible", ledger?.applied_at ?? null],
  ] as const;
  return (
    <ol class="steps" data-flow={flow}>
      {steps.map(([name, at]) => (
        <li key={name}>
          {name} <b data-name={name}>{at === null ? "with its batch" : clock(at)}</b>
        </li>
      ))}
    </ol>
  );
}

function BatchOf({ of: { row, flow, ledger } }: { of: RowProvenance }) {
  const batch_id = String(row["batch_id"]);
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
      of the {flow} flow
      {ledger !== null && (
        <span class="quiet">
          : {many(ledger.received)} received, {many(ledger.accepted)} accepted, {many(ledger.duplicate)} duplicate,{" "}
          {many(sumOfCounts(ledger.rejected))} rejected, contract {ledger.contract}
        </span>
      )}
    </p>
  );
}

function Raw({ of: { raw } }: { of: RowProvenance }) {
  if (raw === null) return <p class="quiet">What arrived cannot be shown here.</p>;
  return (
    <details>
      <summary>As it arrived</summary>
      <code data-name="raw">{raw}</code>
    </details>
  );
}
