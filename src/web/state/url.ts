import { effect, type Signal } from "@preact/signals";
import { icao24Pattern, idDigitsPattern } from "../../flight/identifiers.ts";
import { wireFields, type WireField } from "../../server/wire.ts";
import { pastTime } from "./past.ts";
import {
  camera,
  colorBy,
  colorModes,
  onlyFlagged,
  onlyInView,
  originFilter,
  phase,
  phases,
  search,
  selected,
  showsRejected,
  sort,
  source,
  tab,
  tabs,
  theme,
  themes,
  type OriginFilter,
} from "./view.ts";

/** One setting of the view in the URL's fragment. `write` returns null for the default value, which the URL omits. */
interface Parameter {
  name: string;
  write(): string | null;
  read(value: string): void;
}

/** Decimal fieldIndex of a degree: 11 m. */
const DIGITS = 4;
const MAX_TEXT = 40;

const flag = (name: string, signal: Signal<boolean>): Parameter => ({
  name,
  write: () => (signal.value ? "1" : null),
  read: (value) => void (signal.value = value === "1"),
});
const text = (name: string, signal: Signal<string>): Parameter => ({
  name,
  write: () => signal.value || null,
  read: (value) => void (signal.value = value.slice(0, MAX_TEXT)),
});
function oneOf<T extends string>(name: string, signal: Signal<T>, allowed: readonly T[]): Parameter {
  const initial = signal.peek();
  return {
    name,
    write: () => (signal.value === initial ? null : signal.value),
    read(value) {
      const option = allowed.find((name) => name === value);
      if (option !== undefined) signal.value = option;
    },
  };
}

const parameters: readonly Parameter[] = [
  {
    name: "map",
    write: () => {
      const { zoom, latitude, longitude } = camera.value;
      return [zoom.toFixed(2), latitude.toFixed(DIGITS), longitude.toFixed(DIGITS)].join("/");
    },
    read(value) {
      const [zoom, latitude, longitude] = value.split("/").map(Number);
      const areNumbers = [zoom, latitude, longitude].every((part) => part !== undefined && Number.isFinite(part));
      if (areNumbers && Math.abs(latitude ?? 0) <= 90)
        camera.value = { zoom: zoom ?? 0, latitude: latitude ?? 0, longitude: longitude ?? 0 };
    },
  },
  {
    name: "icao24",
    write: () => selected.value,
    read: (value) => void (selected.value = new RegExp(icao24Pattern).test(value) ? value : null),
  },
  {
    name: "sort",
    write: () => {
      const { by, isDescending } = sort.value;
      return by === "callsign" && !isDescending ? null : `${isDescending ? "-" : ""}${by}`;
    },
    read(value) {
      const by = value.replace(/^-/, "") as WireField;
      if (wireFields.includes(by)) sort.value = { by, isDescending: value.startsWith("-") };
    },
  },
  {
    name: "only",
    write: () => (originFilter.value === null ? null : writeOriginFilter(originFilter.value)),
    read: (value) => void (originFilter.value = readOriginFilter(value)),
  },
  {
    name: "at",
    write: () => (pastTime.value === null ? null : String(pastTime.value)),
    read: (value) => void (pastTime.value = /^\d{1,11}$/.test(value) ? Number(value) : null),
  },
  text("find", search),
  text("source", source),
  flag("view", onlyInView),
  flag("flagged", onlyFlagged),
  flag("rejected", showsRejected),
  oneOf("phase", phase, phases),
  oneOf("color", colorBy, colorModes),
  oneOf("tab", tab, tabs),
  oneOf("theme", theme, themes),
];

const writeOriginFilter = (filter: OriginFilter): string =>
  filter.kind === "batch" ? filter.batch_id : `${filter.flow}.${filter.outcome}`;

function readOriginFilter(value: string): OriginFilter | null {
  if (new RegExp(`^[rbs]${idDigitsPattern}$`).test(value)) return { kind: "batch", batch_id: value };
  const [, flow, outcome] = /^(request|stream)\.(accepted|duplicate|rejected|pending)$/.exec(value) ?? [];
  return flow === undefined || outcome === undefined
    ? null
    : ({ kind: "outcome", flow, outcome } as Extract<OriginFilter, { kind: "outcome" }>);
}

/** Reads the view from the URL, and then writes each change of the view to the URL. */
export function followUrl(): void {
  readUrl();
  // the reader pastes another link into the open page
  window.addEventListener("hashchange", readUrl);
  effect(() => {
    const assignments = parameters.flatMap(({ name, write }) => {
      const value = write();
      return value === null ? [] : [`${name}=${encodeURIComponent(value).replaceAll("%2F", "/")}`];
    });
    window.history.replaceState(null, "", `#${assignments.join("&")}`);
  });
}

function readUrl(): void {
  const values = new URLSearchParams(window.location.hash.slice(1));
  for (const { name, read } of parameters) {
    const value = values.get(name);
    if (value !== null) read(value);
  }
}
