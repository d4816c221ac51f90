import { effect } from "@preact/signals";
import type { Map as MapLibre } from "maplibre-gl";
import { isInside } from "../../flow/api/box.ts";
import type { Box } from "../../flow/queries.ts";
import { numberOf, valueOf, type WireRow } from "../../server/wire.ts";
import { addressOf } from "../state/aircraft.ts";
import { radiusAt, type AircraftLayer } from "./aircraft-layer.ts";
import { CALLSIGN_ZOOM, NOTHING, paint, setData } from "./base-map.ts";
import { history } from "../state/history.ts";
import { nearest } from "./pick.ts";
import { samples } from "../state/rejected.ts";
import { chosen, selectedRow, shownTime, sourceNames } from "../state/shown.ts";
import { spritesOf } from "./sprites.ts";
import { colours, prefersStill } from "./theme.ts";
import { trailOf } from "./trail.ts";
import { camera, choice, colourBy, mapBox, selected, showsRejected, type Camera } from "../state/view.ts";

const MOST_CALLSIGNS = 250;
/** A click this near to an icon's edge means it, px. */
const REACH = 6;

/** What changes the map, and what the map changes; each of what it returns ends one of them. */
export function followMap(map: MapLibre, layer: AircraftLayer): (() => void)[] {
  const see = (): void => {
    const { lng, lat } = map.getCenter().wrap();
    camera.value = { longitude: lng, latitude: lat, zoom: map.getZoom() };
    mapBox.value = boxOf(map);
  };
  see();
  const moved = map.on("moveend", see);
  const clicked = map.on("click", ({ lngLat }) => {
    const found = nearest(chosen.peek(), lngLat, { zoom: map.getZoom(), reach: radiusAt(map.getZoom()) + REACH });
    selected.value = found === undefined ? null : addressOf(found);
  });
  const pointed = map.on("mousemove", ({ lngLat }) => {
    const found = nearest(chosen.peek(), lngLat, { zoom: map.getZoom(), reach: radiusAt(map.getZoom()) });
    map.getCanvas().style.cursor = found === undefined ? "" : "pointer";
    map.getCanvas().title = found === undefined ? "" : nameOf(found);
  });
  return [
    effect(() => paint(map, colours.value)),
    effect(() => go(map, camera.value)),
    effect(() => showAircraft(layer)),
    effect(() => showTrail(map, selectedRow.value)),
    effect(() => showCallsigns(map)),
    followSelection(map),
    ...[moved, clicked, pointed].map((listening) => () => listening.unsubscribe()),
  ];
}

const nameOf = (row: WireRow): string => String(valueOf(row, "callsign") ?? addressOf(row));

function showAircraft(layer: AircraftLayer): void {
  const palette = { by: colourBy.value, colours: colours.value, time: shownTime.value, sources: sourceNames.value };
  const sprites = spritesOf({ rows: chosen.value, palette, selected: selected.value, rejected: rejectedPlaces() });
  layer.show(sprites, { halo: colours.value["map-halo"], ring: colours.value.accent });
}

function rejectedPlaces(): (readonly [number, number])[] {
  const of = choice.value;
  const flow = of?.kind === "part" && of.part === "rejected" ? of.flow : null;
  if (!showsRejected.value && flow === null) return [];
  const isShown = (found: string): boolean => flow === null || found === flow;
  return samples.value.flatMap((sample): [number, number][] =>
    sample.longitude !== null && sample.latitude !== null && isShown(sample.flow)
      ? [[sample.longitude, sample.latitude]]
      : [],
  );
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
    if (longitude === null || latitude === null || !isInside({ longitude, latitude }, box)) continue;
    const geometry = { type: "Point" as const, coordinates: [longitude, latitude] };
    features.push({ type: "Feature", properties: { name: nameOf(row) }, geometry });
    if (features.length >= MOST_CALLSIGNS) break;
  }
  setData(map, "callsigns", { type: "FeatureCollection", features });
}

/** Below these differences, in deg and in zoom, the map is where it should be. */
const SAME = 1e-3;

/** Moves the map to where a link says. */
function go(map: MapLibre, { longitude, latitude, zoom }: Camera): void {
  const { lng, lat } = map.getCenter().wrap();
  const differences = [lng - longitude, lat - latitude, map.getZoom() - zoom].map(Math.abs);
  if (differences.some((difference) => difference > SAME)) map.jumpTo({ center: [longitude, latitude], zoom });
}

/** Where the page was opened stays as its URL says; what is selected later is shown. */
function followSelection(map: MapLibre): () => void {
  let before = selected.peek();
  return effect(() => {
    const icao24 = selected.value;
    // after the panel was drawn, which takes a part of the map
    if (icao24 !== before) requestAnimationFrame(() => reveal(map, icao24));
    before = icao24;
  });
}

/** Moves to an aircraft that is selected and not seen: outside the map, or under the panel. */
function reveal(map: MapLibre, icao24: string | null): void {
  const row = icao24 === null ? undefined : selectedRow.peek();
  const [longitude, latitude] =
    row === undefined ? [null, null] : [numberOf(row, "longitude"), numberOf(row, "latitude")];
  if (longitude === null || latitude === null) return;
  const free = freeArea(map);
  // the copy of the world that is shown
  const shown = longitude + 360 * Math.round((map.getCenter().lng - longitude) / 360);
  const { x, y } = map.project([shown, latitude]);
  if (x > free.left && x < free.right && y > free.top && y < free.bottom) return;
  const { clientWidth, clientHeight } = map.getContainer();
  const offset: [number, number] = [
    (free.left + free.right - clientWidth) / 2,
    (free.top + free.bottom - clientHeight) / 2,
  ];
  map.easeTo({ center: [shown, latitude], offset, animate: !prefersStill() });
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
