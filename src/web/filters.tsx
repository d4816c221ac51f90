import { pastTime } from "./state/past.ts";
import {
  onlyFlagged,
  onlyInView,
  originFilter,
  phase,
  phases,
  search,
  source,
  type OriginFilter,
} from "./state/view.ts";
import { aircraftCount, filteredRows, sourceNames, tableRows } from "./state/visible-rows.ts";
import { Checkbox, Select } from "./ui/controls.tsx";
import { formatCount } from "./ui/format.ts";

const PHASE_LABELS = { all: "air and ground", air: "in the air", ground: "on the ground" } as const;

/** Filters of table and map. `in view only` filters the table alone. */
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
      <Select
        signal={phase}
        options={phases}
        labelOf={(name) => PHASE_LABELS[name]}
        label="In the air or on the ground"
      />
      <Select
        signal={source}
        options={["", ...sourceNames.value]}
        labelOf={(name) => (name === "" ? "all sources" : name)}
        label="Source"
      />
      <Checkbox signal={onlyInView}>in view only</Checkbox>
      <Checkbox signal={onlyFlagged}>flagged</Checkbox>
      <span class="quiet" data-name="listed" data-value={tableRows.value.length}>
        {tableRows.value.length === aircraftCount.value
          ? ""
          : `${formatCount(tableRows.value.length)} of ${formatCount(aircraftCount.value)}`}
      </span>
      {originFilter.value !== null && pastTime.value === null && <OriginFilterChip filter={originFilter.value} />}
    </div>
  );
}

function OriginFilterChip({ filter }: { filter: OriginFilter }) {
  return (
    <button
      type="button"
      class="chip"
      onClick={() => (originFilter.value = null)}
      aria-label={`Remove filter: ${labelOf(filter)}`}
    >
      {labelOf(filter)}: {formatCount(filteredRows.value.length)} ×
    </button>
  );
}

function labelOf(filter: OriginFilter): string {
  if (filter.kind === "batch") return `batch ${filter.batch_id.slice(0, 8)}`;
  if (filter.outcome === "duplicate") return `${filter.flow} batches with duplicates`;
  return `${filter.outcome} by the ${filter.flow} flow`;
}
