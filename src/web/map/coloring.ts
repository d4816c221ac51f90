import { numberOf, fieldIndex, type WireRow } from "../../server/wire.ts";
import type { colorModes } from "../state/view.ts";
import { altitudeColor, faded, groundColor, type Rgb } from "./ramp.ts";
import type { ColorName } from "./theme.ts";

/** An aircraft without contact for longer than this, in s, is stale. */
export const STALE_S = 60;
/** A position up to this age, in s, is fresh. */
export const FRESH_S = 15;
export const sourceColors = ["source-1", "source-2", "source-3", "source-4"] as const;

export interface Palette {
  by: (typeof colorModes)[number];
  colors: Readonly<Record<ColorName, Rgb>>;
  /** Unix s from which ages count. */
  time: number;
  sources: readonly string[];
}

export const isStale = (row: WireRow, time: number): boolean => time - Number(row[fieldIndex.last_contact]) > STALE_S;

export function colorOf(row: WireRow, palette: Palette): Rgb {
  const { colors, time } = palette;
  if (row[fieldIndex.is_emergency] === 1) return colors["map-emergency"];
  if (palette.by === "freshness") return colors[freshness(row, time)];
  const color = baseColor(row, palette);
  return isStale(row, time) && palette.by !== "altitude" ? faded(color) : color;
}

function baseColor(row: WireRow, { by, colors, time, sources }: Palette): Rgb {
  if (by === "flags") return row[fieldIndex.flags] === "" ? colors.fresh : colors.aging;
  if (by === "source") return colors[sourceColor(String(row[fieldIndex.source]), sources)];
  const altitude = numberOf(row, "baro_altitude");
  if (altitude === null || row[fieldIndex.on_ground] === 1) return groundColor(colors.land);
  return altitudeColor(altitude, { land: colors.land, isStale: isStale(row, time) });
}

export const sourceColor = (source: string, sources: readonly string[]): ColorName =>
  sourceColors[Math.max(0, sources.indexOf(source)) % sourceColors.length] ?? "source-1";

/** Depends on the age of the position. An aircraft without a position is old. */
export function freshness(row: WireRow, time: number): "fresh" | "aging" | "old" {
  const age = time - (numberOf(row, "time_position") ?? 0);
  return age <= FRESH_S ? "fresh" : age <= STALE_S ? "aging" : "old";
}
