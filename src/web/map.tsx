import { effect } from "@preact/signals";
import { AttributionControl, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Box } from "../flow/ports.ts";
import { numberOf, valueOf, type WireRow } from "../local/wire.ts";
import { addressOf } from "./aircraft.ts";
import { aircraftLayer, radiusAt, type AircraftLayer } from "./aircraft-layer.ts";
import { CALLSIGN_ZOOM, emptyStyle, FIRST_LABELS, loadLand, NOTHING, paint, setData } from "./base-map.ts";
import { history } from "./history.ts";
import { Legend } from "./legend.tsx";
import { nearest } from "./pick.ts";
import { claims } from "./rejected.ts";
import { chosen, selectedRow, shownTime, sourceNames } from "./shown.ts";
import { spritesOf } from "./sprites.ts";
import { colours, prefersStill } from "./theme.ts";
import { trailOf } from "./trail.ts";
import { camera, choice, colourBy, mapBox, selected, showsRejected } from "./view.ts";

const MOST_CALLSIGNS = 250;
const MOST_ZOOM = 13;
/** A click this near to an icon's edge means it, px. */
const REACH = 6;
const ATTRIBUTION = "Natural Earth · GeoNames · OurAirports";

/** Why there is no map; null while there is one. */
const problem = signal<string | null>(null);

export function SkyMap() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    try {
      return begin(element);
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }, []);
  return (
    <section class="sky" aria-label="Map">
      <div ref={place} class="map" hidden={problem.value !== null} />
      {problem.value === null ? (
        <Legend />
      ) : (
        <p role="alert" class="no-map">
          The map needs WebGL 2, which this browser does not give. Table, panel and flows work without it.
        </p>
      )}
    </section>
  );
}

/** Makes the map and keeps it as the signals say; returns what ends it. Throws without WebGL 2. */
function begin(container: HTMLElement): () => void {
  setWorkerUrl("/maplibre-gl-worker.mjs");
  const map = newMap(container);
  const layer = aircraftLayer("aircraft");
  let ending: (() => void)[] = [];
  map.on("load", () => {
    map.addLayer(layer, FIRST_LABELS);
    ending = follow(map, layer);
    void loadLand(map).catch((error: unknown) => console.warn("the base map could not be loaded", error));
    container.dataset["ready"] = "true";
  });
  return () => {
    for (const end of ending) end();
    map.remove();
  };
}

function newMap(container: HTMLElement): MapLibre {
  const { longitude, latitude, zoom } = camera.peek();
  const map = new MapLibre({
    container,
    style: emptyStyle(),
    center: [longitude, latitude],
    zoom,
    maxZoom: MOST_ZOOM,
    maxPitch: 0,
    dragRotate: false,
    fadeDuration: 0,
    attributionControl: false,
    canvasContextAttributes: { antialias: false, preserveDrawingBuffer: navigator.webdriver },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({}), "bottom-left");
  map.addControl(new AttributionControl({ compact: true, customAttribution: ATTRIBUTION }), "bottom-right");
  // shown whole it would hide a part of a small map; a press on it opens it
  container.querySelector(".maplibregl-ctrl-attrib")?.classList.remove("maplibregl-compact-show");
  map.getCanvas().setAttribute("aria-label", "Map of aircraft: arrow keys move it, plus and minus zoom");
  return map;
}

/** What changes the map, and what the map changes. */
function follow(map: MapLibre, layer: AircraftLayer): (() => void)[] {
  const see = (): void => {
    const { lng, lat } = map.getCenter().wrap();
    camera.value = { longitude: lng, latitude: lat, zoom: map.getZoom() };
    mapBox.value = boxOf(map);
  };
  map.on("moveend", see);
  see();
  map.on("click", ({ lngLat }) => {
    const found = nearest(chosen.peek(), lngLat, { zoom: map.getZoom(), reach: radiusAt(map.getZoom()) + REACH });
    selected.value = found === undefined ? null : addressOf(found);
  });
  map.on("mousemove", ({ lngLat }) => {
    const found = nearest(chosen.peek(), lngLat, { zoom: map.getZoom(), reach: radiusAt(map.getZoom()) });
    map.getCanvas().style.cursor = found === undefined ? "" : "pointer";
    map.getCanvas().title = found === undefined ? "" : nameOf(found);
  });
  return [
    effect(() => paint(map, colours.value)),
    effect(() => showAircraft(map, layer)),
    effect(() => showTrail(map, selectedRow.value)),
    effect(() => showCallsigns(map)),
    // after the panel was drawn, which takes a part of the map
    effect(() => {
      const icao24 = selected.value;
      requestAnimationFrame(() => reveal(map, icao24));
    }),
  ];
}

const nameOf = (row: WireRow): string => String(valueOf(row, "callsign") ?? addressOf(row));

function showAircraft(map: MapLibre, layer: AircraftLayer): void {
  const palette = { by: colourBy.value, colours: colours.value, time: shownTime.value, sources: sourceNames.value };
  const sprites = spritesOf({ rows: chosen.value, palette, selected: selected.value, rejected: rejectedPlaces() });
  layer.show(sprites, { halo: colours.value["map-halo"], ring: colours.value.accent });
  void map.once("render", () => (map.getContainer().dataset["drawn"] = String(sprites.count)));
}

function rejectedPlaces(): (readonly [number, number])[] {
  const of = choice.value;
  const flow = of?.kind === "part" && of.part === "rejected" ? of.flow : null;
  if (!showsRejected.value && flow === null) return [];
  const isShown = (found: string): boolean => flow === null || found === flow;
  return claims.value.flatMap(({ position, sample }) => (position !== null && isShown(sample.flow) ? [position] : []));
}

/** Where the selected aircraft was, up to where it is. */
function showTrail(map: MapLibre, row: WireRow | undefined): void {
  if (row === undefined) return setData(map, "trail", NOTHING);
  const here = {
    longitude: numberOf(row, "longitude"),
    latitude: numberOf(row, "latitude"),
    time_position: numberOf(row, "time_position"),
  };
  setData(map, "trail", trailOf([...history.value, here]));
}

/** Names of those in view, where there is room for them. */
function showCallsigns(map: MapLibre): void {
  const [box, { zoom }] = [mapBox.value, camera.value];
  if (box === null || zoom < CALLSIGN_ZOOM) return setData(map, "callsigns", NOTHING);
  const features: GeoJSON.Feature[] = [];
  for (const row of chosen.value) {
    const [longitude, latitude] = [numberOf(row, "longitude"), numberOf(row, "latitude")];
    if (longitude === null || latitude === null || !map.getBounds().contains([longitude, latitude])) continue;
    const geometry = { type: "Point" as const, coordinates: [longitude, latitude] };
    features.push({ type: "Feature", properties: { name: nameOf(row) }, geometry });
    if (features.length >= MOST_CALLSIGNS) break;
  }
  setData(map, "callsigns", { type: "FeatureCollection", features });
}

/** Moves to an aircraft that is selected and not seen: outside the map, or under the panel. */
function reveal(map: MapLibre, icao24: string | null): void {
  const row = icao24 === null ? undefined : selectedRow.peek();
  const [longitude, latitude] =
    row === undefined ? [null, null] : [numberOf(row, "longitude"), numberOf(row, "latitude")];
  if (longitude === null || latitude === null) return;
  const free = freeArea(map);
  const { x, y } = map.project([longitude, latitude]);
  if (x > free.left && x < free.right && y > free.top && y < free.bottom) return;
  const { clientWidth, clientHeight } = map.getContainer();
  const offset: [number, number] = [
    (free.left + free.right - clientWidth) / 2,
    (free.top + free.bottom - clientHeight) / 2,
  ];
  map.easeTo({ center: [longitude, latitude], offset, animate: !prefersStill() });
}

/** px of the map that the panel leaves: it lies at the right, or along the bottom of a small screen. */
function freeArea(map: MapLibre): { left: number; right: number; top: number; bottom: number } {
  const all = map.getContainer().getBoundingClientRect();
  const panel = document.querySelector(".panel")?.getBoundingClientRect();
  const isBeside = panel !== undefined && panel.width < all.width;
  const right = panel !== undefined && isBeside ? panel.left - all.left : all.width;
  const bottom = panel === undefined || isBeside ? all.height : Math.max(0, Math.min(all.height, panel.top - all.top));
  return { left: 0, right, top: 0, bottom };
}

/** The map's edges as the API's box; a map that shows the whole world has no east and west. */
function boxOf(map: MapLibre): Box {
  const bounds = map.getBounds();
  const wrap = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;
  const [west, east] = [bounds.getWest(), bounds.getEast()];
  const isWhole = east - west >= 360;
  return {
    lamin: bounds.getSouth(),
    lamax: bounds.getNorth(),
    lomin: isWhole ? -180 : wrap(west),
    lomax: isWhole ? 180 : wrap(east),
  };
}
