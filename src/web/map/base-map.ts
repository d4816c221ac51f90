import type { FeatureCollection } from "geojson";
import type {
  ExpressionSpecification,
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibre,
  StyleSpecification,
} from "maplibre-gl";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import type { Name } from "../build/build-map.ts";
import type { Rgb } from "./ramp.ts";
import { cssOf, type ColorName } from "./theme.ts";

/** Aircraft are drawn below this layer, so that names stay readable. */
export const FIRST_LABEL_LAYER = "airports";
/** The browser draws the text, so the page loads no glyph files. */
const FONT = ["sans-serif"];
export const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
const source = { type: "geojson", data: EMPTY } as const;

type Colors = Readonly<Record<ColorName, Rgb>>;

/** px */
const text = { country: 12, city: 11, airport: 11, callsign: 11, dot: 2 } as const;
/** Callsigns appear from this zoom on. */
export const CALLSIGN_ZOOM = 6.5;

/** A style with empty sources. Layers are in drawing order. */
export function emptyStyle(): StyleSpecification {
  return {
    version: 8,
    sources: {
      land: source,
      borders: source,
      trail: { ...source, lineMetrics: false },
      airports: source,
      cities: source,
      countries: source,
      callsigns: source,
    },
    layers: [
      { id: "sea", type: "background" },
      { id: "land", type: "fill", source: "land", paint: { "fill-antialias": false } },
      { id: "borders", type: "line", source: "borders", paint: { "line-width": 0.8 } },
      { id: "trail", type: "line", source: "trail", paint: { "line-width": 2, "line-opacity": 0.85 } },
      labelLayer("airports", text.airport, { "text-anchor": "top", "text-offset": [0, 0.3] }),
      labelLayer("cities", text.city, {}),
      labelLayer("countries", text.country, { "text-transform": "uppercase", "text-letter-spacing": 0.1 }),
      {
        id: "callsigns",
        type: "symbol",
        source: "callsigns",
        minzoom: CALLSIGN_ZOOM,
        layout: {
          "text-field": ["get", "name"],
          "text-font": FONT,
          "text-size": text.callsign,
          "text-anchor": "left",
          "text-offset": [1.2, 0],
          "text-optional": true,
        },
      },
    ],
  };
}

function labelLayer(id: string, size: number, layout: object): LayerSpecification {
  const isVisible: ExpressionSpecification = [">=", ["zoom"], ["get", "zoom"]];
  const labels = {
    "text-field": ["get", "name"],
    "text-font": FONT,
    "text-size": size,
    "symbol-sort-key": ["get", "rank"],
  };
  return { id, type: "symbol", source: id, filter: isVisible, layout: { ...labels, ...layout } } as LayerSpecification;
}

/** Applies the page's colors to all layers. */
export function applyColors(map: MapLibre, colors: Colors): void {
  const css = (name: ColorName): string => cssOf(colors[name]);
  map.setPaintProperty("sea", "background-color", css("sea"));
  map.setPaintProperty("land", "fill-color", css("land"));
  map.setPaintProperty("borders", "line-color", css("border"));
  map.setPaintProperty("trail", "line-color", css("trail"));
  for (const layer of ["airports", "cities", "countries", "callsigns"]) {
    map.setPaintProperty(layer, "text-color", css(layer === "airports" ? "map-airport" : "map-text"));
    map.setPaintProperty(layer, "text-halo-color", css("map-halo"));
    map.setPaintProperty(layer, "text-halo-width", 1);
  }
}

type Countries = Topology<{ countries: GeometryCollection }>;

const RETRY_MS = 5_000;

/** Loads land and names. Retries until the server responds. */
export async function loadLand(map: MapLibre): Promise<void> {
  try {
    await fetchLand(map);
  } catch {
    setTimeout(() => void loadLand(map), RETRY_MS);
  }
}

async function fetchLand(map: MapLibre): Promise<void> {
  const fetchJson = async <T>(path: string): Promise<T> => (await (await fetch(path)).json()) as T;
  const [countries, names] = await Promise.all([
    fetchJson<Countries>("/countries.json"),
    fetchJson<Record<"countries" | "cities" | "airports", Name[]>>("/names.json"),
  ]);
  setData(map, "land", feature(countries, countries.objects.countries));
  setData(
    map,
    "borders",
    mesh(countries, countries.objects.countries, (a, b) => a !== b),
  );
  for (const [id, entries] of Object.entries(names)) setData(map, id, pointsOf(entries));
}

const pointsOf = (names: readonly Name[]): FeatureCollection => ({
  type: "FeatureCollection",
  features: names.map(([name, longitude, latitude, zoom], rank) => ({
    type: "Feature",
    properties: { name, zoom, rank },
    geometry: { type: "Point", coordinates: [longitude, latitude] },
  })),
});

export function setData(map: MapLibre, id: string, data: GeoJSON.GeoJSON): void {
  const source = map.getSource(id);
  if (source?.type === "geojson") void (source as GeoJSONSource).setData(data);
}
