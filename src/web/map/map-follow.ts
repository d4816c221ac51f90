import { effect } from "@preact/signals";
import type { Map as MapLibre } from "maplibre-gl";
import { isInside } from "../../flow/api/box.ts";
import type { Box } from "../../flow/queries.ts";
import { numberOf, valueOf, type WireRow } from "../../server/wire.ts";
import { addressOf } from "../state/aircraft.ts";
import { history } from "../state/history.ts";
import { rejectedSamples } from "../state/rejected.ts";
import { camera, colorBy, mapBox, originFilter, selected, showsRejected, type Camera } from "../state/view.ts";
import { displayTime, filteredRows, selectedRow, sourceNames } from "../state/visible-rows.ts";
import { radiusAt, type AircraftLayer } from "./aircraft-layer.ts";
import { applyColors, CALLSIGN_ZOOM, EMPTY, setData } from "./base-map.ts";
import { nearestAircraft } from "./pick.ts";
import { spritesOf } from "./sprites.ts";
import { colors, prefersReducedMotion } from "./theme.ts";
import { trailOf } from "./trail.ts";

const MAX_CALLSIGNS = 250;
/** A click this close to an icon's edge selects the aircraft, px. */
const CLICK_MARGIN = 6;

/** Connects the map and the signals in both directions. Returns one function per subscription, which ends it. */
export function followMap(map: MapLibre, layer: AircraftLayer): (() => void)[] {
  const updateCamera = (): void => {
    const { lng, lat } = map.getCenter().wrap();
    camera.value = { longitude: lng, latitude: lat, zoom: map.getZoom() };
    mapBox.value = boxOf(map);
  };
  updateCamera();
  const moved = map.on("moveend", updateCamera);
  const clicked = map.on("click", ({ lngLat }) => {
    const reach = radiusAt(map.getZoom()) + CLICK_MARGIN;
    const row = nearestAircraft(filteredRows.peek(), lngLat, { zoom: map.getZoom(), reach });
    selected.value = row === undefined ? null : addressOf(row);
  });
  const pointed = map.on("mousemove", ({ lngLat }) => {
    const reach = radiusAt(map.getZoom());
    const row = nearestAircraft(filteredRows.peek(), lngLat, { zoom: map.getZoom(), reach });
    map.getCanvas().style.cursor = row === undefined ? "" : "pointer";
    map.getCanvas().title = row === undefined ? "" : nameOf(row);
  });
  return [
    effect(() => applyColors(map, colors.value)),
    effect(() => moveTo(map, camera.value)),
    effect(() => showAircraft(layer)),
    effect(() => showTrail(map, selectedRow.value)),
    effect(() => showCallsigns(map)),
    followSelection(map),
    ...[moved, clicked, pointed].map((subscription) => () => subscription.unsubscribe()),
  ];
}

const nameOf = (row: WireRow): string => String(valueOf(row, "callsign") ?? addressOf(row));

function showAircraft(layer: AircraftLayer): void {
  const palette = { by: colorBy.value, colors: colors.value, time: displayTime.value, sources: sourceNames.value };
  const sprites = spritesOf({
    rows: filteredRows.value,
    palette,
    selected: selected.value,
    rejected: rejectedPositions(),
  });
  layer.show(sprites, { halo: colors.value["map-halo"], ring: colors.value.accent });
}

function rejectedPositions(): (readonly [number, number])[] {
  const filter = originFilter.value;
  const flow = filter?.kind === "outcome" && filter.outcome === "rejected" ? filter.flow : null;
  if (!showsRejected.value && flow === null) return [];
  return rejectedSamples.value.flatMap((sample): [number, number][] =>
    sample.longitude !== null && sample.latitude !== null && (flow === null || sample.flow === flow)
      ? [[sample.longitude, sample.latitude]]
      : [],
  );
}

/** The selected aircraft's stored positions and its current one. */
function showTrail(map: MapLibre, row: WireRow | undefined): void {
  if (row === undefined) return setData(map, "trail", EMPTY);
  const here = {
    longitude: numberOf(row, "longitude"),
    latitude: numberOf(row, "latitude"),
    time_position: numberOf(row, "time_position"),
  };
  setData(map, "trail", trailOf([...history.value, here]));
}

/** Names of the aircraft in view, at high zoom. MapLibre hides the names that would overlap. */
function showCallsigns(map: MapLibre): void {
  const [box, { zoom }] = [mapBox.value, camera.value];
  if (box === null || zoom < CALLSIGN_ZOOM) return setData(map, "callsigns", EMPTY);
  const features: GeoJSON.Feature[] = [];
  for (const row of filteredRows.value) {
    const [longitude, latitude] = [numberOf(row, "longitude"), numberOf(row, "latitude")];
    if (longitude === null || latitude === null || !isInside({ longitude, latitude }, box)) continue;
    const geometry = { type: "Point" as const, coordinates: [longitude, latitude] };
    features.push({ type: "Feature", properties: { name: nameOf(row) }, geometry });
    if (features.length >= MAX_CALLSIGNS) break;
  }
  setData(map, "callsigns", { type: "FeatureCollection", features });
}

/** Smaller differences of the camera, in deg and in zoom, are ignored. */
const TOLERANCE = 1e-3;

/** Moves the map to the camera of the URL. */
function moveTo(map: MapLibre, { longitude, latitude, zoom }: Camera): void {
  const { lng, lat } = map.getCenter().wrap();
  const differences = [lng - longitude, lat - latitude, map.getZoom() - zoom].map(Math.abs);
  if (differences.some((difference) => difference > TOLERANCE)) map.jumpTo({ center: [longitude, latitude], zoom });
}

/** Moves the map to each newly selected aircraft. The first selection comes with the URL, whose camera stays. */
function followSelection(map: MapLibre): () => void {
  let before = selected.peek();
  return effect(() => {
    const icao24 = selected.value;
    // the panel covers a part of the map, so wait until it is drawn
    if (icao24 !== before) requestAnimationFrame(() => reveal(map, icao24));
    before = icao24;
  });
}

/** Moves the map if the aircraft is outside it or under the panel. */
function reveal(map: MapLibre, icao24: string | null): void {
  const row = icao24 === null ? undefined : selectedRow.peek();
  const [longitude, latitude] =
    row === undefined ? [null, null] : [numberOf(row, "longitude"), numberOf(row, "latitude")];
  if (longitude === null || latitude === null) return;
  const free = freeArea(map);
  // the longitude in the copy of the world that the map shows
  const visible = longitude + 360 * Math.round((map.getCenter().lng - longitude) / 360);
  const { x, y } = map.project([visible, latitude]);
  if (x > free.left && x < free.right && y > free.top && y < free.bottom) return;
  const { clientWidth, clientHeight } = map.getContainer();
  const offset: [number, number] = [
    (free.left + free.right - clientWidth) / 2,
    (free.top + free.bottom - clientHeight) / 2,
  ];
  map.easeTo({ center: [visible, latitude], offset, animate: !prefersReducedMotion() });
}

/** The part of the map without the panel, px. The panel is on the right, or at the bottom of a small screen. */
function freeArea(map: MapLibre): { left: number; right: number; top: number; bottom: number } {
  const all = map.getContainer().getBoundingClientRect();
  const panel = document.querySelector(".panel")?.getBoundingClientRect();
  const isOnRight = panel !== undefined && panel.width < all.width;
  const right = panel !== undefined && isOnRight ? panel.left - all.left : all.width;
  const bottom = panel === undefined || isOnRight ? all.height : Math.max(0, Math.min(all.height, panel.top - all.top));
  return { left: 0, right, top: 0, bottom };
}

/** The map's edges as an API box. A map of the whole world gets the longitudes -180 and 180. */
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
