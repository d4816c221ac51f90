import { numberOf, places, valueOf, type WireField, type WireRow } from "../../server/wire.ts";
import { addressOf, isEmergency } from "../state/aircraft.ts";
import { Charts } from "./charts.tsx";
import { Provenance } from "./provenance.tsx";
import { pastTime } from "../state/past.ts";
import { FT_PER_M } from "../map/ramp.ts";
import { selectedRow, shownTime } from "../state/shown.ts";
import { many, span } from "../ui/text.ts";
import { TwoViews } from "./two-views.tsx";
import { selected } from "../state/view.ts";

const KT_PER_MS = 3_600 / 1_852;
const FT_PER_MIN = 60 * FT_PER_M;

/** Emitter categories, as OpenSky counts them. */
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

/** All about the selected aircraft. */
export function Panel() {
  const icao24 = selected.value;
  if (icao24 === null) return null;
  const row = selectedRow.value;
  return (
    <section class="panel" aria-label="Selected aircraft" data-icao24={icao24}>
      <button type="button" class="close" aria-label="Close" onClick={() => (selected.value = null)}>
        ×
      </button>
      {row === undefined ? <p>{icao24} is not among the aircraft at this time.</p> : <About row={row} />}
    </section>
  );
}

function About({ row }: { row: WireRow }) {
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
        <Fact title="Speed">{both(numberOf(row, "velocity"), ["m/s", KT_PER_MS, "kt"])}</Fact>
        <Fact title="Climb">{both(numberOf(row, "vertical_rate"), ["m/s", FT_PER_MIN, "ft/min"])}</Fact>
        <Fact title="Track">{both(numberOf(row, "true_track"), ["°"])}</Fact>
        <Fact title="Squawk">{text("squawk") || "—"}</Fact>
        <Fact title="Position">{position(row)}</Fact>
        <Fact title="Position age">{age(numberOf(row, "time_position"))}</Fact>
        <Fact title="Contact age">{age(numberOf(row, "last_contact"))}</Fact>
      </dl>
      <Charts />
      <TwoViews />
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
  if (row[places.on_ground] === 1) return "on the ground";
  return both(numberOf(row, "baro_altitude"), ["m", FT_PER_M, "ft"]);
}

/** A value in its own unit and in the one that pilots use. */
function both(value: number | null, [unit, factor, other]: [string, number?, string?]): string {
  if (value === null) return "—";
  const own = `${many(Math.round(value))} ${unit}`;
  return factor === undefined ? own : `${own} · ${many(Math.round(value * factor))} ${other}`;
}

function position(row: WireRow): string {
  const [latitude, longitude] = [numberOf(row, "latitude"), numberOf(row, "longitude")];
  return latitude === null || longitude === null ? "—" : `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
}

const age = (time: number | null): string => (time === null ? "—" : span(Math.max(0, shownTime.value - time)));
