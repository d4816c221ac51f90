import { signal } from "@preact/signals";
import { AttributionControl, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { useEffect, useRef } from "preact/hooks";
import { aircraftLayer } from "./aircraft-layer.ts";
import { emptyStyle, FIRST_LABELS, loadLand } from "./base-map.ts";
import { Legend } from "./legend.tsx";
import { followMap } from "./map-follow.ts";
import { camera } from "../state/view.ts";

const MOST_ZOOM = 13;
const ATTRIBUTION = "Natural Earth · GeoNames · OurAirports";

const isMissing = signal(false);

export function SkyMap() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    try {
      return begin(element);
    } catch (error) {
      console.warn("there is no map", error);
      isMissing.value = true;
      return undefined;
    }
  }, []);
  return (
    <section class="sky" aria-label="Map">
      <div ref={place} class="map" hidden={isMissing.value} />
      {!isMissing.value ? (
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
  const stop = (): void => {
    for (const end of ending.splice(0)) end();
  };
  const go = (): void => {
    stop();
    if (map.getLayer(layer.id) === undefined) map.addLayer(layer, FIRST_LABELS);
    ending = followMap(map, layer);
    void loadLand(map);
  };
  map.on("load", () => {
    go();
    container.dataset["ready"] = "true";
  });
  // a machine that slept takes the context away; with it go our layer and what the sources held
  map.on("webglcontextlost", stop);
  map.on("webglcontextrestored", () => void map.once("styledata", go));
  map.on("render", () => (container.dataset["drawn"] = String(layer.count)));
  return () => {
    stop();
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
