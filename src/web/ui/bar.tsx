/** The outcomes of received rows. Pending rows wait for one of the other three. */
export const outcomes = ["accepted", "duplicate", "rejected", "pending"] as const;
export type Outcome = (typeof outcomes)[number];

const BAR = { width: 1000, height: 12 } as const;
/** Keeps small counts visible: 17 rows of a million would be narrower than a pixel. */
const MIN_WIDTH = 10;

type Counts = Readonly<Record<Outcome | "missing", number>>;

interface BarOptions {
  label: string;
  counts: Counts;
  onPick?: (outcome: Outcome) => void;
}

/** One bar of received rows, divided by outcome. Widths are SVG attributes because the page's CSP forbids style attributes. */
export function Bar({ label, counts, onPick }: BarOptions) {
  let end = 0;
  return (
    <svg
      class="bar"
      viewBox={`0 0 ${BAR.width} ${BAR.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {segmentWidths(counts).map(([name, width]) => {
        const start = end;
        end += width;
        const pick = name === "missing" ? undefined : onPick;
        const onClick = pick === undefined ? undefined : () => pick(name as Outcome);
        return <rect key={name} class={name} x={start} y="0" width={width} height={BAR.height} onClick={onClick} />;
      })}
    </svg>
  );
}

function segmentWidths(counts: Counts): (readonly [Outcome | "missing", number])[] {
  const names = [...outcomes, "missing"] as const;
  const sum = names.reduce((total, name) => total + counts[name], 0);
  const widths = names.map((name) => (counts[name] === 0 ? 0 : Math.max(MIN_WIDTH, (counts[name] / sum) * BAR.width)));
  const scale =
    BAR.width /
    Math.max(
      1,
      widths.reduce((total, width) => total + width, 0),
    );
  return names.map((name, i) => [name, (widths[i] ?? 0) * scale]);
}
