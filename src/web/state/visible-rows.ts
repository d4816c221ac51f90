import { computed } from "@preact/signals";
import { isInside } from "../../flow/api/box.ts";
import { numberOf, fieldIndex, valueOf, type WireField, type WireRow } from "../../server/wire.ts";
import { addressOf, batchOf, isEmergency, liveRow, liveRows } from "./aircraft.ts";
import { present } from "./clock.ts";
import { frame, pastTime } from "./past.ts";
import { rejectedAddresses } from "./rejected.ts";
import {
  mapBox,
  onlyFlagged,
  onlyInView,
  originFilter,
  phase,
  search,
  selected,
  sort,
  source,
  type OriginFilter,
} from "./view.ts";

/** The time that the page displays, Unix s. */
export const displayTime = computed(() => pastTime.value ?? present.value);

const rows = computed<readonly WireRow[]>(() => (pastTime.value === null ? liveRows.value : (frame.value?.rows ?? [])));
/** Aircraft before any filter. */
export const aircraftCount = computed(() => rows.value.length);

/** The rows that pass all filters. The map shows these. */
export const filteredRows = computed<readonly WireRow[]>(() => {
  const tests = [bySearch(), bySource(), byPhase(), byFlag(), byOrigin(originFilter.value)].flatMap(
    (test) => test ?? [],
  );
  return tests.length === 0 ? rows.value : rows.value.filter((row) => tests.every((test) => test(row)));
});

/** The table's rows: filtered, limited to the map's box if required, and sorted. */
export const tableRows = computed<readonly WireRow[]>(() => {
  const box = onlyInView.value ? mapBox.value : null;
  const { by, isDescending } = sort.value;
  // the column shows an age: the latest contact is the lowest age
  const sign = isDescending === (by === "last_contact") ? 1 : -1;
  const i = fieldIndex[by];
  const listed =
    box === null ? [...filteredRows.value] : filteredRows.value.filter((row) => isInside(positionOf(row), box));
  return listed.sort((a, b) => compare(a[i] ?? null, b[i] ?? null, sign));
});

export const emergencies = computed(() => rows.value.filter(isEmergency));

/** The selected aircraft's row at the displayed time. */
export const selectedRow = computed<WireRow | undefined>(() => {
  const icao24 = selected.value;
  if (icao24 === null) return undefined;
  return pastTime.value === null ? liveRow(icao24) : rows.value.find((row) => addressOf(row) === icao24);
});

/** The sources of all rows, sorted. */
export const sourceNames = computed(() => [...new Set(rows.value.map((row) => String(row[fieldIndex.source])))].sort());

const positionOf = (row: WireRow) => ({ longitude: numberOf(row, "longitude"), latitude: numberOf(row, "latitude") });

/** Null: the filter is off. */
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
  return wanted === "" ? null : (row) => row[fieldIndex.source] === wanted;
}
function byPhase(): Test {
  const wanted = phase.value === "ground" ? 1 : 0;
  return phase.value === "all" ? null : (row) => row[fieldIndex.on_ground] === wanted;
}
function byFlag(): Test {
  return onlyFlagged.value ? (row) => row[fieldIndex.flags] !== "" : null;
}

/** Works only on live rows: rows of the past do not name their batch. */
function byOrigin(filter: OriginFilter | null): Test {
  if (filter === null || pastTime.value !== null) return null;
  if (filter.kind === "batch") return (row) => batchOf(row)?.batch_id === filter.batch_id;
  const isOfFlow = (row: WireRow): boolean => batchOf(row)?.flow === filter.flow;
  if (filter.outcome === "accepted") return isOfFlow;
  if (filter.outcome === "duplicate") return (row) => isOfFlow(row) && (batchOf(row)?.counts.duplicate ?? 0) > 0;
  const addresses = filter.outcome === "rejected" ? rejectedAddresses(filter.flow) : new Set<string>();
  return (row) => addresses.has(addressOf(row));
}

/** Nulls sort last in both directions. */
function compare(a: WireRow[number], b: WireRow[number], sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a < b ? -sign : a > b ? sign : 0;
}
