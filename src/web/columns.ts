import { fieldIndex, valueOf, type WireField, type WireRow } from "../server/wire.ts";
import { displayTime } from "./state/visible-rows.ts";
import { formatCount } from "./ui/format.ts";

/** A column of the aircraft table. `text` returns the cell's text: empty where the row has no value. */
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
    const value = valueOf(row, name);
    return typeof value === "number" ? formatCount(Math.round(value)) : "";
  },
});

const altitude = rounded("baro_altitude", "Alt. m");

export const columns: readonly Column[] = [
  plain("callsign", "Callsign"),
  plain("icao24", "Address"),
  { ...altitude, text: (row) => (row[fieldIndex.on_ground] === 1 ? "ground" : altitude.text(row)) },
  rounded("velocity", "m/s"),
  rounded("true_track", "Track"),
  plain("squawk", "Squawk"),
  {
    name: "last_contact",
    title: "Age s",
    text: (row) => formatCount(Math.max(0, displayTime.value - Number(row[fieldIndex.last_contact]))),
  },
];
