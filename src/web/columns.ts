import { places, valueOf, type WireField, type WireRow } from "../server/wire.ts";
import { shownTime } from "./state/shown.ts";
import { many } from "./ui/text.ts";

/** A column of the table; `text` is what its cell shows of a row, empty where the row does not say. */
export interface Column {
  name: WireField;
  title: string;
  text(row: WireRow): string;
}

const plain = (name: WireField, title: string): Column => ({
  name,
  title,
  text: (row) => String(valueOf(row, name) ?? ""),
});

const rounded = (name: WireField, title: string): Column => ({
  name,
  title,
  text: (row) => {
    const found = valueOf(row, name);
    return typeof found === "number" ? many(Math.round(found)) : "";
  },
});

const altitude = rounded("baro_altitude", "Alt. m");

export const columns: readonly Column[] = [
  plain("callsign", "Callsign"),
  plain("icao24", "Address"),
  { ...altitude, text: (row) => (row[places.on_ground] === 1 ? "ground" : altitude.text(row)) },
  rounded("velocity", "m/s"),
  rounded("true_track", "Track"),
  plain("squawk", "Squawk"),
  {
    name: "last_contact",
    title: "Age s",
    text: (row) => many(Math.max(0, shownTime.value - Number(row[places.last_contact]))),
  },
];
