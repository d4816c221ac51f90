import { numberOf, places, type WireRow } from "../../server/wire.ts";
import { isEmergency } from "../state/aircraft.ts";
import { colourOf, isStale, type Palette } from "./colouring.ts";
import type { Rgb } from "./ramp.ts";

/**
 * Aircraft as the GPU takes them, 16 bytes each: mercator x and y from 0 to 1, track in deg plus 1000 times the shape, and
 * red, green, blue, opacity as bytes. Those drawn later lie on top.
 */
export interface Sprites {
  floats: Float32Array;
  bytes: Uint8Array;
  count: number;
}
export const BYTES = 16;
export const shapes = { aircraft: 0, emergency: 1, rejected: 2, selected: 3, still: 4 } as const;
type Shape = (typeof shapes)[keyof typeof shapes];
const SHAPE = 1000;
const OPAQUE = 255;
const STALE_OPACITY = 150;

export const mercatorX = (longitude: number): number => longitude / 360 + 0.5;
export const mercatorY = (latitude: number): number =>
  0.5 - Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) / (2 * Math.PI);

function newSprites(capacity: number): Sprites {
  const floats = new Float32Array(capacity * (BYTES / 4));
  return { floats, bytes: new Uint8Array(floats.buffer), count: 0 };
}

interface Sprite {
  longitude: number;
  latitude: number;
  track: number;
  shape: Shape;
  colour: Rgb;
  opacity: number;
}

function add(to: Sprites, { longitude, latitude, track, shape, colour, opacity }: Sprite): void {
  const at = to.count++ * (BYTES / 4);
  to.floats[at] = mercatorX(longitude);
  to.floats[at + 1] = mercatorY(latitude);
  to.floats[at + 2] = track + shape * SHAPE;
  const byte = (at + 3) * 4;
  [to.bytes[byte], to.bytes[byte + 1], to.bytes[byte + 2], to.bytes[byte + 3]] = [...colour, opacity];
}

export interface Scene {
  rows: readonly WireRow[];
  palette: Palette;
  /** Address of the selected aircraft. */
  selected: string | null;
  /** deg, of rejected rows that claim a position */
  rejected: readonly (readonly [number, number])[];
}

/** Rejected places lowest, then aircraft, then emergencies, then the selected one. */
export function spritesOf({ rows, palette, selected, rejected }: Scene): Sprites {
  const sprites = newSprites(rows.length + rejected.length);
  const colour = palette.colours["map-rejected"];
  for (const [longitude, latitude] of rejected)
    add(sprites, { longitude, latitude, track: 0, shape: shapes.rejected, colour, opacity: OPAQUE });
  const above: WireRow[] = [];
  let top: WireRow | undefined;
  for (const row of rows) {
    if (row[places.icao24] === selected) top = row;
    else if (isEmergency(row)) above.push(row);
    else addAircraft(sprites, row, palette);
  }
  for (const row of above) addAircraft(sprites, row, palette, shapes.emergency);
  if (top !== undefined) addAircraft(sprites, top, palette, shapes.selected);
  return sprites;
}

// oxlint-disable-next-line max-params -- called for every aircraft at every tick: an object each time would cost as much as the sprite
function addAircraft(to: Sprites, row: WireRow, palette: Palette, as?: Shape): void {
  const [longitude, latitude] = [numberOf(row, "longitude"), numberOf(row, "latitude")];
  if (longitude === null || latitude === null) return;
  const track = numberOf(row, "true_track");
  add(to, {
    longitude,
    latitude,
    track: track ?? 0,
    shape: as ?? (track === null ? shapes.still : shapes.aircraft),
    colour: colourOf(row, palette),
    opacity: isStale(row, palette.time) ? STALE_OPACITY : OPAQUE,
  });
}
