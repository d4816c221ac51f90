import { numberOf, fieldIndex, valueOf, type WireField, type WireRow } from "../../server/wire.ts";
import { FT_PER_M } from "../map/ramp.ts";
import { addressOf, isEmergency } from "../state/aircraft.ts";
import { pastTime } from "../state/past.ts";
import { selected } from "../state/view.ts";
import { selectedRow, displayTime } from "../state/visible-rows.ts";
import { formatCount, formatDuration } from "../ui/format.ts";
import { Charts } from "./charts.tsx";
import { Provenance } from "./provenance.tsx";
import { SourceComparison } from "./source-comparison.tsx";

const KT_PER_MS = 3_600 / 1_852;
const FT_PER_MIN = 60 * FT_PER_M;

/** Emitter categories, numbered as in the OpenSky API. */
const categories: Readonly<Record<number, string>> = {
  2: "light",
  3: "small",
  4: "large",
  5: "high vortex large",
  6: "heavy",
  7: "high performance",
  8: "rotorcraft",
  9: "glider",
  10: "lighter than air",
  11: "parachutist",
  12: "ultralight",
  14: "unmanned",
  15: "space vehicle",
  16: "emergency vehicle",
  17: "service vehicle",
  18: "point obstacle",
  19: "cluster obstacle",
  20: "line obstacle",
};

export function Panel() {
  const icao24 = selected.value;
  if (icao24 === null) return null;
  const row = selectedRow.value;
  return (
    <section class="panel" aria-label="Selected aircraft" data-icao24={icao24}>
      <button type="button" class="close" aria-label="Close" onClick={() => (selected.value = null)}>
        ×
      </button>
      {row === undefined ? <p>No data for {icao24} at this time.</p> : <Details row={row} />}
    </section>
  );
}

function Details({ row }: { row: WireRow }) {
  const text = (name: WireField): string => String(valueOf(row, name) ?? "");
  return (
    <>
      <h2>
        {text("callsign") || addressOf(row)} <span class="quiet">{addressOf(row)}</span>
      </h2>
      {isEmergency(row) && <p role="alert">Emergency: squawk {text("squawk")}</p>}
      <p class="quiet">{identity(row)}</p>
      <dl class="facts">
        <Fact title="Altitude">{altitude(row)}</Fact>
        <Fact title="Speed">{withPilotUnit(numberOf(row, "velocity"), ["m/s", KT_PER_MS, "kt"])}</Fact>
        <Fact title="Climb">{withPilotUnit(numberOf(row, "vertical_rate"), ["m/s", FT_PER_MIN, "ft/min"])}</Fact>
        <Fact title="Track">{withPilotUnit(numberOf(row, "true_track"), ["°"])}</Fact>
        <Fact title="Squawk">{text("squawk") || "—"}</Fact>
        <Fact title="Position">{position(row)}</Fact>
        <Fact title="Position age">{age(numberOf(row, "time_position"))}</Fact>
        <Fact title="Contact age">{age(numberOf(row, "last_contact"))}</Fact>
      </dl>
      <Charts />
      <SourceComparison />
      {pastTime.value === null && <Provenance />}
    </>
  );
}

const Fact = ({ title, children }: { title: string; children: string }) => (
  <div>
    <dt>{title}</dt>
    <dd>{children}</dd>
  </div>
);

function identity(row: WireRow): string {
  const category = categories[numberOf(row, "category") ?? 0];
  const parts = [valueOf(row, "origin_country"), category, `reported by ${valueOf(row, "source")}`];
  return parts.filter((part) => typeof part === "string" && part !== "").join(" · ");
}

function altitude(row: WireRow): string {
  if (row[fieldIndex.on_ground] === 1) return "on the ground";
  return withPilotUnit(numberOf(row, "baro_altitude"), ["m", FT_PER_M, "ft"]);
}

/** A value in the SI unit, and in the unit that pilots use. */
function withPilotUnit(value: number | null, [unit, factor, pilotUnit]: [string, number?, string?]): string {
  if (value === null) return "—";
  const si = `${formatCount(Math.round(value))} ${unit}`;
  return factor === undefined ? si : `${si} · ${formatCount(Math.round(value * factor))} ${pilotUnit}`;
}

function position(row: WireRow): string {
  const [latitude, longitude] = [numberOf(row, "latitude"), numberOf(row, "longitude")];
  return latitude === null || longitude === null ? "—" : `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
}

const age = (time: number | null): string =>
  time === null ? "—" : formatDuration(Math.max(0, displayTime.value - time));
