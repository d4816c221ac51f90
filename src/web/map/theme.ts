import { computed, effect, signal } from "@preact/signals";
import { theme } from "../state/view.ts";
import type { Rgb } from "./ramp.ts";

/** The custom properties of page.css that the canvas draws with. page.css alone defines colors. */
const names = [
  "land",
  "sea",
  "border",
  "map-text",
  "map-halo",
  "map-airport",
  "map-emergency",
  "map-rejected",
  "trail",
  "accent",
  "ink",
  "quiet",
  "fresh",
  "aging",
  "old",
  "source-1",
  "source-2",
  "source-3",
  "source-4",
] as const;
export type ColorName = (typeof names)[number];

const system = window.matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(system.matches);
system.addEventListener("change", () => (systemIsDark.value = system.matches));

const isDark = computed(() => (theme.value === "auto" ? systemIsDark.value : theme.value === "dark"));

effect(() => {
  document.documentElement.style.colorScheme = theme.value === "auto" ? "light dark" : theme.value;
  document.documentElement.classList.toggle("dark", isDark.value);
});

export const colors = computed<Readonly<Record<ColorName, Rgb>>>(() => {
  void isDark.value;
  const probe = document.createElement("i");
  document.body.append(probe);
  const read = (name: string): Rgb => {
    probe.style.color = `var(--${name})`;
    return (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number) as unknown as Rgb;
  };
  const values = Object.fromEntries(names.map((name) => [name, read(name)])) as Record<ColorName, Rgb>;
  probe.remove();
  return values;
});

export const cssOf = ([r, g, b]: Rgb): string => `rgb(${r}, ${g}, ${b})`;
export const prefersReducedMotion = (): boolean => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
