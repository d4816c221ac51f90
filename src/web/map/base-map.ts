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
import { cssOf, type ColourName } from "./theme.ts";
import type { Rgb } from "./ramp.ts";

/** Aircraft are drawn under this layer, so that names stay readable. */
export const FIRST_LABELS = "airports";
/** Drawn by the browser itself: no file of glyphs is loaded. */
const FONT = ["sans-serif"];
export const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };
const source = { type: "geojson", data: NOTHING } as const;

type Colours = Readonly<Record<ColourName, Rgb>>;

/** px */
const text = { country: 12, city: 11, airport: 11, callsign: 11, dot: 2 } as const;
/** Names of aircraft from here on; at most as many as `map.ts` gives. */
export const CALLSIGN_ZOOM = 6.5;

/** The map before its land is there: empty sources, and layers in the order in which they are drawn. */
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
      places("airports", text.airport, { "text-anchor": "top", "text-offset": [0, 0.3] }),
      places("cities", text.city, {}),
      places("countries", text.country, { "text-transform": "uppercase", "text-letter-spacing": 0.1 }),
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

function places(id: string, size: number, layout: object): LayerSpecification {
  const isShown: ExpressionSpecification = [">=", ["zoom"], ["get", "zoom"]];
  const named = {
    "text-field": ["get", "name"],
    "text-font": FONT,
    "text-size": size,
    "symbol-sort-key": ["get", "rank"],
  };
  return { id, type: "symbol", source: id, filter: isShown, layout: { ...named, ...layout } } as LayerSpecification;
}

/** Paints the map in the colours of the page. */
export function paint(map: MapLibre, colours: Colours): void {
  const css = (name: ColourName): string => cssOf(colours[name]);
  map.setPaintProperty("sea", "background-color", css("sea"));
  map.setPaintProperty("land", "fill-color", css("land"));
  map.setPaintProperty("borders", "line-color", css("border"));
  map.setPaintProperty("trail", "line-color", css("trail"));
  for (const layer of ["airports", "cities", "countries", "callsigns"]) {
    map.setPaintProperty(layer, "text-color", css(layer === "airports" ? "map-place" : "map-text"));
    map.setPaintProperty(layer, "text-halo-color", css("map-halo"));
    map.setPaintProperty(layer, "text-halo-width", 1);
  }
}

type Countries = Topology<{ countries: GeometryCollection }>;

const RETRY_MS = 5_000;

/** Loads land and names; again after a while where the server does not answer. */
export async function loadLand(map: MapLibre): Promise<void> {
  try {
    await readLand(map);
  } catch {
    setTimeout(() => void loadLand(map), RETRY_MS);
  }
}

async function readLand(map: MapLibre): Promise<void> {
  const read = async <T>(path: string): Promise<T> => (await (await fetch(path)).json()) as T;
  const [countries, names] = await Promise.all([
    read<Countries>("/countries.json"),
    read<Record<"countries" | "cities" | "airports", Name[]>>("/names.json"),
  ]);
  setData(map, "land", feature(countries, countries.objects.countries));
  setData(
    map,
    "borders",
    mesh(countries, countries.objects.countries, (a, b) => a !== b),
  );
  for (const [id, of] of Object.entries(names)) setData(map, id, pointsOf(of));
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
  const found = map.getSource(id);
  if (found?.type === "geojson") void (found as GeoJSONSource).setData(data);
}
