import { Check, Choose } from "./ui/controls.tsx";
import { pastTime } from "./state/past.ts";
import { chosen, count, listed, sourceNames } from "./state/shown.ts";
import { many } from "./ui/text.ts";
import { choice, onlyFlagged, onlyInView, phase, phases, search, source, type Choice } from "./state/view.ts";

const PHASES = { all: "air and ground", air: "in the air", ground: "on the ground" } as const;

/** What leaves aircraft out, from table and map alike; the map's edges from the table alone. */
export function Filters() {
  return (
    <div class="filters">
      <input
        type="search"
        aria-label="Search callsign or address"
        placeholder="callsign or address"
        value={search.value}
        onInput={(event) => (search.value = event.currentTarget.value)}
      />
      <Choose of={phase} options={phases} say={(name) => PHASES[name]} label="In the air or on the ground" />
      <Choose
        of={source}
        options={["", ...sourceNames.value]}
        say={(name) => (name === "" ? "all sources" : name)}
        label="Source"
      />
      <Check of={onlyInView}>in view only</Check>
      <Check of={onlyFlagged}>flagged</Check>
      <span class="quiet" data-name="listed" data-value={listed.value.length}>
        {listed.value.length === count.value ? "" : `${many(listed.value.length)} of ${many(count.value)}`}
      </span>
      {choice.value !== null && pastTime.value === null && <Chosen of={choice.value} />}
    </div>
  );
}

function Chosen({ of }: { of: Choice }) {
  return (
    <button
      type="button"
      class="chip"
      onClick={() => (choice.value = null)}
      aria-label={`Show all again, not only ${said(of)}`}
    >
      {said(of)}: {many(chosen.value.length)} ×
    </button>
  );
}

function said(of: Choice): string {
  if (of.kind === "batch") return `batch ${of.batch_id.slice(0, 8)}`;
  const whose = of.part === "duplicate" ? "in batches with duplicates" : of.part;
  return `${whose} by the ${of.flow} flow`;
}
