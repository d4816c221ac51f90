import { numberOf, places, type WireRow } from "../../server/wire.ts";
import { altitudeColour, faded, groundColour, type Rgb } from "./ramp.ts";
import type { ColourName } from "./theme.ts";
import type { colourings } from "../state/view.ts";

/** Contact older than this, in s, is stale. */
export const STALE_S = 60;
/** A position younger than this, in s, is fresh. */
export const FRESH_S = 15;
export const sourceColours = ["source-1", "source-2", "source-3", "source-4"] as const;

export interface Palette {
  by: (typeof colourings)[number];
  colours: Readonly<Record<ColourName, Rgb>>;
  /** Unix s that ages are counted to. */
  time: number;
  sources: readonly string[];
}

export const isStale = (row: WireRow, time: number): boolean => time - Number(row[places.last_contact]) > STALE_S;

/** The colour of an aircraft's icon. */
export function colourOf(row: WireRow, palette: Palette): Rgb {
  const { colours, time } = palette;
  if (row[places.is_emergency] === 1) return colours["map-emergency"];
  if (palette.by === "freshness") return colours[freshness(row, time)];
  const colour = baseColour(row, palette);
  return isStale(row, time) && palette.by !== "altitude" ? faded(colour) : colour;
}

function baseColour(row: WireRow, { by, colours, time, sources }: Palette): Rgb {
  if (by === "flags") return row[places.flags] === "" ? colours.fresh : colours.aging;
  if (by === "source") return colours[sourceColour(String(row[places.source]), sources)];
  const altitude = numberOf(row, "baro_altitude");
  if (altitude === null || row[places.on_ground] === 1) return groundColour(colours.land);
  return altitudeColour(altitude, { land: colours.land, isStale: isStale(row, time) });
}

export const sourceColour = (source: string, sources: readonly string[]): ColourName =>
  sourceColours[Math.max(0, sources.indexOf(source)) % sourceColours.length] ?? "source-1";

/** By the age of the position; an aircraft without one is old. */
export function freshness(row: WireRow, time: number): "fresh" | "aging" | "old" {
  const age = time - (numberOf(row, "time_position") ?? 0);
  return age <= FRESH_S ? "fresh" : age <= STALE_S ? "aging" : "old";
}
