import { chosen, count, listed, sourceNames } from "./shown.ts";
import { many } from "./text.ts";
import { choice, onlyFlagged, onlyInView, phase, phases, search, source, type Choice } from "./view.ts";

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
      <select
        aria-label="In the air or on the ground"
        value={phase.value}
        onChange={(event) => (phase.value = event.currentTarget.value as typeof phase.value)}
      >
        {phases.map((name) => (
          <option key={name} value={name}>
            {{ all: "air and ground", air: "in the air", ground: "on the ground" }[name]}
          </option>
        ))}
      </select>
      <select aria-label="Source" value={source.value} onChange={(event) => (source.value = event.currentTarget.value)}>
        <option value="">all sources</option>
        {sourceNames.value.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <label>
        <input
          type="checkbox"
          checked={onlyInView.value}
          onChange={(event) => (onlyInView.value = event.currentTarget.checked)}
        />{" "}
        in view only
      </label>
      <label>
        <input
          type="checkbox"
          checked={onlyFlagged.value}
          onChange={(event) => (onlyFlagged.value = event.currentTarget.checked)}
        />{" "}
        flagged
      </label>
      <span class="quiet" data-name="listed" data-value={listed.value.length}>
        {listed.value.length === count.value ? "" : `${many(listed.value.length)} of ${many(count.value)}`}
      </span>
      {choice.value !== null && <Chosen of={choice.value} />}
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
