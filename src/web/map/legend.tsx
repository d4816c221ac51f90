import { useId } from "preact/hooks";
import { Check, Choose } from "../ui/controls.tsx";
import { FRESH_S, sourceColour, STALE_S } from "./colouring.ts";
import { altitudeColour, FT_PER_M } from "./ramp.ts";
import { sourceNames } from "../state/shown.ts";
import { colours, cssOf, type ColourName } from "./theme.ts";
import { colourBy, colourings, showsRejected } from "../state/view.ts";

const STEPS_FT = [0, 2_000, 4_000, 6_000, 8_000, 10_000, 20_000, 30_000, 40_000] as const;
const BAR = { width: 180, height: 8 } as const;

/** What the colours mean, and what else they may show. */
export function Legend() {
  return (
    <div class="legend">
      <Choose of={colourBy} options={colourings} label="Colour by" isLabelSeen />
      <Check of={showsRejected}>rejected rows</Check>
      {colourBy.value === "altitude" ? <Ramp /> : <Swatches of={swatches()} />}
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
            const look = { land: colours.value.land, isStale: false };
            return <stop key={ft} offset={ft / 40_000} stop-color={cssOf(altitudeColour(ft / FT_PER_M, look))} />;
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

function swatches(): (readonly [ColourName, string])[] {
  if (colourBy.value === "freshness")
    return [
      ["fresh", `position up to ${FRESH_S} s old`],
      ["aging", `up to ${STALE_S} s`],
      ["old", "older, or none"],
    ];
  if (colourBy.value === "flags")
    return [
      ["fresh", "no rule noticed anything"],
      ["aging", "flagged"],
      ["map-emergency", "emergency"],
    ];
  return sourceNames.value.map((name) => [sourceColour(name, sourceNames.value), name]);
}

const Swatches = ({ of }: { of: readonly (readonly [ColourName, string])[] }) => (
  <ul>
    {of.map(([colour, about]) => (
      <li key={about}>
        <svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">
          <rect width="1" height="1" fill={cssOf(colours.value[colour])} />
        </svg>{" "}
        {about}
      </li>
    ))}
  </ul>
);
