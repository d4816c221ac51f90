import { signal } from "@preact/signals";
import { AttributionControl, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { useEffect, useRef } from "preact/hooks";
import { camera } from "../state/view.ts";
import { aircraftLayer } from "./aircraft-layer.ts";
import { emptyStyle, FIRST_LABEL_LAYER, loadLand } from "./base-map.ts";
import { Legend } from "./legend.tsx";
import { followMap } from "./map-follow.ts";

const MAX_ZOOM = 13;
const ATTRIBUTION = "Natural Earth · GeoNames · OurAirports";

const isUnavailable = signal(false);

export function SkyMap() {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = container.current;
    if (element === null) return undefined;
    try {
      return createMap(element);
    } catch (error) {
      console.warn("the map is not available", error);
      isUnavailable.value = true;
      return undefined;
    }
  }, []);
  return (
    <section class="sky" aria-label="Map">
      <div ref={container} class="map" hidden={isUnavailable.value} />
      {!isUnavailable.value ? (
        <Legend />
      ) : (
        <p role="alert" class="no-map">
          The map requires WebGL 2, which is not available in this browser. Table, panel and flows work without it.
        </p>
      )}
    </section>
  );
}

/** Creates the map and connects it to the signals. Returns a function that removes it. Throws without WebGL 2. */
function createMap(container: HTMLElement): () => void {
  setWorkerUrl("/maplibre-gl-worker.mjs");
  const map = newMap(container);
  const layer = aircraftLayer("aircraft");
  let subscriptions: (() => void)[] = [];
  const stop = (): void => {
    for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
  };
  const start = (): void => {
    stop();
    if (map.getLayer(layer.id) === undefined) map.addLayer(layer, FIRST_LABEL_LAYER);
    subscriptions = followMap(map, layer);
    void loadLand(map);
  };
  map.on("load", () => {
    start();
    container.dataset["ready"] = "true";
  });
  // sleep may end the WebGL context, and with it the aircraft layer and the data of all sources
  map.on("webglcontextlost", stop);
  map.on("webglcontextrestored", () => void map.once("styledata", start));
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
    maxZoom: MAX_ZOOM,
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
  // collapsed at first: the open text would cover a part of a small map
  container.querySelector(".maplibregl-ctrl-attrib")?.classList.remove("maplibregl-compact-show");
  map.getCanvas().setAttribute("aria-label", "Map of aircraft: arrow keys move it, plus and minus zoom");
  return map;
}
