import { effect, type Signal } from "@preact/signals";
import { wireFields, type WireField } from "../../server/wire.ts";
import { pastTime } from "./past.ts";
import {
  camera,
  choice,
  colourBy,
  colourings,
  onlyFlagged,
  onlyInView,
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
  type Choice,
} from "./view.ts";

/** One thing of the view as the URL spells it; what is as it was at first is left out. */
interface Part {
  name: string;
  write(): string | null;
  read(text: string): void;
}

const DEGREES = 4;

const flag = (name: string, of: Signal<boolean>): Part => ({
  name,
  write: () => (of.value ? "1" : null),
  read: (text) => void (of.value = text === "1"),
});
const text = (name: string, of: Signal<string>): Part => ({
  name,
  write: () => of.value || null,
  read: (given) => void (of.value = given.slice(0, 40)),
});
function oneOf<T extends string>(name: string, of: Signal<T>, allowed: readonly T[]): Part {
  const usual = of.peek();
  return {
    name,
    write: () => (of.value === usual ? null : of.value),
    read(given) {
      const found = allowed.find((one) => one === given);
      if (found !== undefined) of.value = found;
    },
  };
}

const parts: readonly Part[] = [
  {
    name: "map",
    write: () => {
      const { zoom, latitude, longitude } = camera.value;
      return [zoom.toFixed(2), latitude.toFixed(DEGREES), longitude.toFixed(DEGREES)].join("/");
    },
    read(given) {
      const [zoom, latitude, longitude] = given.split("/").map(Number);
      const isPlace = [zoom, latitude, longitude].every((one) => one !== undefined && Number.isFinite(one));
      if (isPlace && Math.abs(latitude ?? 0) <= 90)
        camera.value = { zoom: zoom ?? 0, latitude: latitude ?? 0, longitude: longitude ?? 0 };
    },
  },
  {
    name: "icao24",
    write: () => selected.value,
    read: (given) => void (selected.value = /^~?[0-9a-f]{6}$/.test(given) ? given : null),
  },
  {
    name: "sort",
    write: () => {
      const { by, isDescending } = sort.value;
      return by === "callsign" && !isDescending ? null : `${isDescending ? "-" : ""}${by}`;
    },
    read(given) {
      const by = given.replace(/^-/, "") as WireField;
      if (wireFields.includes(by)) sort.value = { by, isDescending: given.startsWith("-") };
    },
  },
  {
    name: "only",
    write: () => (choice.value === null ? null : spellChoice(choice.value)),
    read: (given) => void (choice.value = readChoice(given)),
  },
  {
    name: "at",
    write: () => (pastTime.value === null ? null : String(pastTime.value)),
    read: (given) => void (pastTime.value = /^\d{1,11}$/.test(given) ? Number(given) : null),
  },
  text("find", search),
  text("source", source),
  flag("view", onlyInView),
  flag("flagged", onlyFlagged),
  flag("rejected", showsRejected),
  oneOf("phase", phase, phases),
  oneOf("colour", colourBy, colourings),
  oneOf("tab", tab, tabs),
  oneOf("theme", theme, themes),
];

const spellChoice = (of: Choice): string => (of.kind === "batch" ? of.batch_id : `${of.flow}.${of.part}`);

function readChoice(given: string): Choice | null {
  if (/^[rbs][0-9a-f]{32}$/.test(given)) return { kind: "batch", batch_id: given };
  const [, flow, part] = /^(request|stream)\.(accepted|duplicate|rejected|pending)$/.exec(given) ?? [];
  return flow === undefined || part === undefined
    ? null
    : ({ kind: "part", flow, part } as Extract<Choice, { kind: "part" }>);
}

/** Takes the view from the URL, and keeps the URL as the view is. */
export function followAddress(): void {
  take();
  // a link pasted over this one
  window.addEventListener("hashchange", take);
  effect(() => {
    const spelt = parts.flatMap(({ name, write }) => {
      const found = write();
      return found === null ? [] : [`${name}=${encodeURIComponent(found).replaceAll("%2F", "/")}`];
    });
    window.history.replaceState(null, "", `#${spelt.join("&")}`);
  });
}

function take(): void {
  const given = new URLSearchParams(window.location.hash.slice(1));
  for (const { name, read } of parts) {
    const found = given.get(name);
    if (found !== null) read(found);
  }
}
