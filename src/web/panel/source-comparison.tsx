import type { StoredRow } from "../../flow/queries.ts";
import { sourcePair } from "../state/history.ts";
import { formatCount } from "../ui/format.ts";
import { metersBetween } from "./meters.ts";

/** Fields that two sources may report differently. */
const comparedFields = [
  "callsign",
  "origin_country",
  "baro_altitude",
  "geo_altitude",
  "on_ground",
  "velocity",
  "true_track",
  "vertical_rate",
  "squawk",
  "category",
  "flags",
] as const;

/** Compares one aircraft's rows from two sources: the distance in time and space, and the fields that differ. */
export function SourceComparison() {
  if (sourcePair.value === null) return null;
  const [first, second] = sourcePair.value;
  const differing = comparedFields.filter((name) => textOf(first[name]) !== textOf(second[name]));
  return (
    <div class="views">
      <h3>Two sources compared</h3>
      <p>{distance(first, second)}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">{textOf(first["source"])}</th>
            <th scope="col">{textOf(second["source"])}</th>
          </tr>
        </thead>
        <tbody>
          {differing.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{textOf(first[name])}</td>
              <td>{textOf(second[name])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {differing.length === 0 && <p class="quiet">All other fields are equal.</p>}
    </div>
  );
}

const textOf = (value: StoredRow[string] | undefined): string =>
  value === null || value === undefined || value === ""
    ? "—"
    : typeof value === "number"
      ? String(Math.round(value * 10) / 10)
      : String(value);

function distance(first: StoredRow, second: StoredRow): string {
  const seconds = Math.abs(Number(first["last_contact"]) - Number(second["last_contact"]));
  const meters = metersBetween(first, second);
  return `${formatCount(seconds)} s apart${meters === null ? "" : `, ${formatCount(Math.round(meters))} m apart`}`;
}
