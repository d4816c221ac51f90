import { useId } from "preact/hooks";
import { colorBy, colorModes, showsRejected } from "../state/view.ts";
import { sourceNames } from "../state/visible-rows.ts";
import { Checkbox, Select } from "../ui/controls.tsx";
import { FRESH_S, sourceColor, STALE_S } from "./coloring.ts";
import { altitudeColor, FT_PER_M } from "./ramp.ts";
import { colors, cssOf, type ColorName } from "./theme.ts";

const STEPS_FT = [0, 2_000, 4_000, 6_000, 8_000, 10_000, 20_000, 30_000, 40_000] as const;
const BAR = { width: 180, height: 8 } as const;

/** The color mode, and the meaning of its colors. */
export function Legend() {
  return (
    <div class="legend">
      <Select signal={colorBy} options={colorModes} label="Color by" hasVisibleLabel />
      <Checkbox signal={showsRejected}>rejected rows</Checkbox>
      {colorBy.value === "altitude" ? <Ramp /> : <Swatches swatches={swatches()} />}
    </div>
  );
}

function Ramp() {
  const gradient = useId();
  return (
    <>
      <svg
        class="ramp"
        viewBox={`0 0 ${BAR.width} ${BAR.height}`}
        role="img"
        aria-label="0 to 40,000 ft, from orange to violet"
      >
        <linearGradient id={gradient}>
          {STEPS_FT.map((ft) => {
            const look = { land: colors.value.land, isStale: false };
            return <stop key={ft} offset={ft / 40_000} stop-color={cssOf(altitudeColor(ft / FT_PER_M, look))} />;
          })}
        </linearGradient>
        <rect width={BAR.width} height={BAR.height} fill={`url(#${gradient})`} />
      </svg>
      <span class="ends">
        <span>0 ft</span>
        <span>40,000 ft</span>
      </span>
    </>
  );
}

function swatches(): (readonly [ColorName, string])[] {
  if (colorBy.value === "freshness")
    return [
      ["fresh", `position up to ${FRESH_S} s old`],
      ["aging", `up to ${STALE_S} s`],
      ["old", "older or unknown"],
    ];
  if (colorBy.value === "flags")
    return [
      ["fresh", "not flagged"],
      ["aging", "flagged"],
      ["map-emergency", "emergency"],
    ];
  return sourceNames.value.map((name) => [sourceColor(name, sourceNames.value), name]);
}

const Swatches = ({ swatches }: { swatches: readonly (readonly [ColorName, string])[] }) => (
  <ul>
    {swatches.map(([color, meaning]) => (
      <li key={meaning}>
        <svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">
          <rect width="1" height="1" fill={cssOf(colors.value[color])} />
        </svg>{" "}
        {meaning}
      </li>
    ))}
  </ul>
);
