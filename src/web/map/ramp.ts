/** Altitude in ft and hue in deg. Source: the altitude colors of tar1090. */
const hues: readonly (readonly [number, number])[] = [
  [0, 20],
  [2_000, 32],
  [4_000, 43],
  [6_000, 54],
  [8_000, 72],
  [9_000, 85],
  [11_000, 140],
  [40_000, 300],
  [51_000, 360],
];
export const FT_PER_M = 1 / 0.3048;
const SATURATION = 0.88;
const GROUND_HUE = 215;
const GROUND_SATURATION = 0.16;
/** Saturation of a stale aircraft. */
const STALE_SATURATION = 0.25;

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

/** deg */
export function hueOf(altitude_m: number): number {
  const ft = altitude_m * FT_PER_M;
  const next = hues.findIndex(([from]) => ft < from);
  if (next === 0) return hues[0]?.[1] ?? 0;
  const [low, high] = [hues.at(next - 1), hues[next]];
  if (low === undefined || high === undefined) return hues.at(-1)?.[1] ?? 0;
  return low[1] + ((ft - low[0]) / (high[0] - low[0])) * (high[1] - low[1]);
}

/** WCAG 2.2 requires a contrast of 3 to 1 for graphics. Smoothed edges need a little more. */
const MIN_CONTRAST = 3.2;
const LIGHTNESS_STEP = 0.01;
/** Cache by land color and whole degree of hue. Read for every aircraft at every tick. */
const lightnesses = new WeakMap<Rgb, number[]>();

/** The lightness nearest to 0.5 with enough contrast to the land. */
function lightnessOf(hue: number, land: Rgb): number {
  const degree = Math.round(hue);
  const cached = lightnesses.get(land) ?? [];
  lightnesses.set(land, cached);
  return (cached[degree] ??= findLightness(degree, land));
}

function findLightness(hue: number, land: Rgb): number {
  const step = isDark(land) ? LIGHTNESS_STEP : -LIGHTNESS_STEP;
  let lightness = 0.5;
  while (lightness > 0 && lightness < 1 && contrastOf(rgbOf(hue, SATURATION, lightness), land) < MIN_CONTRAST)
    lightness += step;
  return lightness;
}

const isDark = (land: Rgb): boolean => luminanceOf(land) < 0.18;

export interface Look {
  /** The background of the icons. */
  land: Rgb;
  isStale: boolean;
}

export function altitudeColor(altitude_m: number, { land, isStale }: Look): Rgb {
  const hue = hueOf(altitude_m);
  return rgbOf(hue, isStale ? STALE_SATURATION : SATURATION, lightnessOf(hue, land));
}

/** For aircraft on the ground, and for those without an altitude. */
export const groundColor = (land: Rgb): Rgb => rgbOf(GROUND_HUE, GROUND_SATURATION, isDark(land) ? 0.68 : 0.36);

/** The color of a stale aircraft: the same, less saturated. */
export function faded([r, g, b]: Rgb): Rgb {
  const gray = (Math.max(r, g, b) + Math.min(r, g, b)) / 2;
  const toward = (value: number): number => Math.round(gray + (value - gray) * STALE_SATURATION);
  return [toward(r), toward(g), toward(b)];
}

/** HSL to RGB as CSS defines it. Hue in deg, saturation and lightness from 0 to 1. */
export function rgbOf(hue: number, saturation: number, lightness: number): Rgb {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** Contrast ratio of WCAG 2.2, from 1 (equal) to 21. */
export function contrastOf(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminanceOf(a), luminanceOf(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminanceOf(color: Rgb): number {
  const [r, g, b] = color.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
