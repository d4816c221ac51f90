import type { StoredRow } from "../../flow/queries.ts";
import { views } from "../state/history.ts";
import { metresBetween } from "./metres.ts";
import { many } from "../ui/text.ts";

/** Members that two sources may report differently. */
const compared = [
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

/** One aircraft as two sources report it: how far apart in time and place, and which fields differ. */
export function TwoViews() {
  if (views.value === null) return null;
  const [first, second] = views.value;
  const differing = compared.filter((name) => said(first[name]) !== said(second[name]));
  return (
    <div class="views">
      <h3>As two sources report it</h3>
      <p>{apart(first, second)}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">{said(first["source"])}</th>
            <th scope="col">{said(second["source"])}</th>
          </tr>
        </thead>
        <tbody>
          {differing.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{said(first[name])}</td>
              <td>{said(second[name])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {differing.length === 0 && <p class="quiet">Their other fields are the same.</p>}
    </div>
  );
}

const said = (value: StoredRow[string] | undefined): string =>
  value === null || value === undefined || value === ""
    ? "—"
    : typeof value === "number"
      ? String(Math.round(value * 10) / 10)
      : String(value);

function apart(first: StoredRow, second: StoredRow): string {
  const seconds = Math.abs(Number(first["last_contact"]) - Number(second["last_contact"]));
  const metres = metresBetween(first, second);
  return `${many(seconds)} s apart${metres === null ? "" : `, ${many(Math.round(metres))} m apart`}`;
}
