import { sumOfCounts } from "../../flight/rejection.ts";
import type { RowProvenance } from "../../flow/api/provenance.ts";
import { provenance } from "../state/history.ts";
import { originFilter } from "../state/view.ts";
import { formatCount, formatTime } from "../ui/format.ts";

/** Provenance of the newest row: flags, the times of its steps, its batch and the received data. */
export function Provenance() {
  const origin = provenance.value;
  return (
    <div class="provenance">
      <h3>Origin of the newest row</h3>
      {origin === null ? (
        <p class="quiet">Loading…</p>
      ) : (
        <>
          <p class="quiet">{flagsText(String(origin.row["flags"]))}</p>
          <Steps origin={origin} />
          <SourceBatch origin={origin} />
          <ReceivedData raw={origin.raw} />
        </>
      )}
    </div>
  );
}

const flagsText = (flags: string): string =>
  flags === "" ? "No rule flagged this row." : `Flagged by rules: ${flags.replaceAll(",", ", ")}`;

/** The stream flow cleans and stores a row in one step. It has no separate time of cleaning. */
function Steps({ origin: { row, flow, cleaned_at, ledger } }: { origin: RowProvenance }) {
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
          {name}{" "}
          <b data-name={name}>{at === null ? (name === "cleaned" ? "when stored" : "unknown") : formatTime(at)}</b>
        </li>
      ))}
    </ol>
  );
}

function SourceBatch({ origin: { row, flow, ledger } }: { origin: RowProvenance }) {
  const batch_id = String(row["batch_id"]);
  const isSelected = originFilter.value?.kind === "batch" && originFilter.value.batch_id === batch_id;
  return (
    <p>
      Batch{" "}
      <button
        type="button"
        aria-pressed={isSelected}
        data-name="batch"
        title="Show only the aircraft of this batch"
        onClick={() => (originFilter.value = isSelected ? null : { kind: "batch", batch_id })}
      >
        {batch_id.slice(0, 9)}
      </button>{" "}
      of the {flow} flow
      {ledger !== null && (
        <span class="quiet">
          : {formatCount(ledger.received)} received, {formatCount(ledger.accepted)} accepted,{" "}
          {formatCount(ledger.duplicate)} duplicate, {formatCount(sumOfCounts(ledger.rejected))} rejected, contract{" "}
          {ledger.contract}
        </span>
      )}
    </p>
  );
}

function ReceivedData({ raw }: { raw: string | null }) {
  if (raw === null) return <p class="quiet">The received data is deleted, too large to search, or in Kinesis.</p>;
  return (
    <details>
      <summary>As received</summary>
      <code data-name="raw">{raw}</code>
    </details>
  );
}
