import { computed } from "@preact/signals";
import { isInside } from "../../flow/api/box.ts";
import { numberOf, places, valueOf, type WireField, type WireRow } from "../../server/wire.ts";
import { addressOf, batchOf, isEmergency, liveRow, liveRows } from "./aircraft.ts";
import { present } from "./clock.ts";
import { frame, pastTime } from "./past.ts";
import { rejectedAddresses } from "./rejected.ts";
import { choice, mapBox, onlyFlagged, onlyInView, phase, search, selected, sort, source, type Choice } from "./view.ts";

/** Unix s that the rows shown are of. */
export const shownTime = computed(() => pastTime.value ?? present.value);

const rows = computed<readonly WireRow[]>(() => (pastTime.value === null ? liveRows.value : (frame.value?.rows ?? [])));
/** Aircraft there are, before any filter. */
export const count = computed(() => rows.value.length);

/** What map and table show: the rows that the filters leave. */
export const chosen = computed<readonly WireRow[]>(() => {
  const tests = [bySearch(), bySource(), byPhase(), byFlag(), byChoice(choice.value)].flatMap((test) => test ?? []);
  return tests.length === 0 ? rows.value : rows.value.filter((row) => tests.every((test) => test(row)));
});

/** The table's rows, sorted. */
export const listed = computed<readonly WireRow[]>(() => {
  const box = onlyInView.value ? mapBox.value : null;
  const { by, isDescending } = sort.value;
  // shown as an age, so the latest contact is the least
  const sign = isDescending === (by === "last_contact") ? 1 : -1;
  const place = places[by];
  const found = box === null ? [...chosen.value] : chosen.value.filter((row) => isInside(positionOf(row), box));
  return found.sort((a, b) => compare(a[place] ?? null, b[place] ?? null, sign));
});

export const emergencies = computed(() => rows.value.filter(isEmergency));

/** The selected aircraft's row at the time shown. */
export const selectedRow = computed<WireRow | undefined>(() => {
  const icao24 = selected.value;
  if (icao24 === null) return undefined;
  return pastTime.value === null ? liveRow(icao24) : rows.value.find((row) => addressOf(row) === icao24);
});

/** Names of the sources that rows bear. */
export const sourceNames = computed(() => [...new Set(rows.value.map((row) => String(row[places.source])))].sort());

const positionOf = (row: WireRow) => ({ longitude: numberOf(row, "longitude"), latitude: numberOf(row, "latitude") });

type Test = ((row: WireRow) => boolean) | null;

function bySearch(): Test {
  const wanted = search.value.trim().toLowerCase();
  const isIn = (row: WireRow, name: WireField): boolean =>
    String(valueOf(row, name) ?? "")
      .toLowerCase()
      .includes(wanted);
  return wanted === "" ? null : (row) => isIn(row, "icao24") || isIn(row, "callsign");
}
function bySource(): Test {
  const wanted = source.value;
  return wanted === "" ? null : (row) => row[places.source] === wanted;
}
function byPhase(): Test {
  const wanted = phase.value === "ground" ? 1 : 0;
  return phase.value === "all" ? null : (row) => row[places.on_ground] === wanted;
}
function byFlag(): Test {
  return onlyFlagged.value ? (row) => row[places.flags] !== "" : null;
}

/** Rows of the past name no batch, so a choice of batches holds in the present alone. */
function byChoice(of: Choice | null): Test {
  if (of === null || pastTime.value !== null) return null;
  if (of.kind === "batch") return (row) => batchOf(row)?.batch_id === of.batch_id;
  const isOfFlow = (row: WireRow): boolean => batchOf(row)?.flow === of.flow;
  if (of.part === "accepted") return isOfFlow;
  if (of.part === "duplicate") return (row) => isOfFlow(row) && (batchOf(row)?.counts.duplicate ?? 0) > 0;
  const addresses = of.part === "rejected" ? rejectedAddresses(of.flow) : new Set<string>();
  return (row) => addresses.has(addressOf(row));
}

/** Null last, whichever way. */
function compare(a: WireRow[number], b: WireRow[number], sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a < b ? -sign : a > b ? sign : 0;
}
