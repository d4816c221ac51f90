import { numberOf, fieldIndex, type WireRow } from "../../server/wire.ts";
import { isEmergency } from "../state/aircraft.ts";
import { colorOf, isStale, type Palette } from "./coloring.ts";
import type { Rgb } from "./ramp.ts";

/**
 * Icons in the layout of the vertex buffer, 16 bytes each: Mercator x and y from 0 to 1, track in deg plus 1000 times the
 * shape, then red, green, blue and opacity as bytes. Later icons are drawn on top.
 */
export interface Sprites {
  floats: Float32Array;
  bytes: Uint8Array;
  count: number;
}
export const SPRITE_BYTES = 16;
export const shapes = { aircraft: 0, emergency: 1, rejected: 2, selected: 3, still: 4 } as const;
type Shape = (typeof shapes)[keyof typeof shapes];
const SHAPE_FACTOR = 1000;
const OPAQUE = 255;
const STALE_OPACITY = 150;

export const mercatorX = (longitude: number): number => longitude / 360 + 0.5;
export const mercatorY = (latitude: number): number =>
  0.5 - Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) / (2 * Math.PI);

function newSprites(capacity: number): Sprites {
  const floats = new Float32Array(capacity * (SPRITE_BYTES / 4));
  return { floats, bytes: new Uint8Array(floats.buffer), count: 0 };
}

interface Sprite {
  longitude: number;
  latitude: number;
  track: number;
  shape: Shape;
  color: Rgb;
  opacity: number;
}

function add(to: Sprites, { longitude, latitude, track, shape, color, opacity }: Sprite): void {
  const at = to.count++ * (SPRITE_BYTES / 4);
  to.floats[at] = mercatorX(longitude);
  to.floats[at + 1] = mercatorY(latitude);
  to.floats[at + 2] = track + shape * SHAPE_FACTOR;
  const byte = (at + 3) * 4;
  [to.bytes[byte], to.bytes[byte + 1], to.bytes[byte + 2], to.bytes[byte + 3]] = [...color, opacity];
}

export interface Scene {
  rows: readonly WireRow[];
  palette: Palette;
  /** Address of the selected aircraft. */
  selected: string | null;
  /** Longitude and latitude that rejected rows claim, deg */
  rejected: readonly (readonly [number, number])[];
}

/** Drawing order: rejected rows, aircraft, emergencies, and on top the selected aircraft. */
export function spritesOf({ rows, palette, selected, rejected }: Scene): Sprites {
  const sprites = newSprites(rows.length + rejected.length);
  const color = palette.colors["map-rejected"];
  for (const [longitude, latitude] of rejected)
    add(sprites, { longitude, latitude, track: 0, shape: shapes.rejected, color, opacity: OPAQUE });
  const emergencies: WireRow[] = [];
  let selectedRow: WireRow | undefined;
  for (const row of rows) {
    if (row[fieldIndex.icao24] === selected) selectedRow = row;
    else if (isEmergency(row)) emergencies.push(row);
    else addAircraft(sprites, row, palette);
  }
  for (const row of emergencies) addAircraft(sprites, row, palette, shapes.emergency);
  if (selectedRow !== undefined) addAircraft(sprites, selectedRow, palette, shapes.selected);
  return sprites;
}

// oxlint-disable-next-line max-params -- called for every aircraft at every tick: an options object would cost as much as the sprite
function addAircraft(to: Sprites, row: WireRow, palette: Palette, fixedShape?: Shape): void {
  const [longitude, latitude] = [numberOf(row, "longitude"), numberOf(row, "latitude")];
  if (longitude === null || latitude === null) return;
  const track = numberOf(row, "true_track");
  add(to, {
    longitude,
    latitude,
    track: track ?? 0,
    shape: fixedShape ?? (track === null ? shapes.still : shapes.aircraft),
    color: colorOf(row, palette),
    opacity: isStale(row, palette.time) ? STALE_OPACITY : OPAQUE,
  });
}
