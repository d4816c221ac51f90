import type { WireField, WireRow } from "../local/wire.ts";
import { now, valueOf } from "./store.ts";
import { many } from "./text.ts";

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

const altitude = rounded("baro_altitude", "Altitude m");

export const columns: readonly Column[] = [
  plain("callsign", "Callsign"),
  plain("icao24", "Address"),
  plain("source", "Source"),
  plain("origin_country", "Country"),
  {
    ...altitude,
    text: (row) => altitude.text(row) || (valueOf(row, "on_ground") === true ? "ground" : ""),
  },
  rounded("velocity", "Speed m/s"),
  rounded("true_track", "Track °"),
  plain("squawk", "Squawk"),
  {
    name: "last_contact",
    title: "Age s",
    text: (row) => String(Math.max(0, now.value - Number(valueOf(row, "last_contact")))),
  },
  plain("flags", "Flags"),
];
