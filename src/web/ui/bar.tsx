/** What received rows become. */
export const parts = ["accepted", "duplicate", "rejected", "pending"] as const;
export type Part = (typeof parts)[number];

const BAR = { width: 1000, height: 12 } as const;
/** What is not nothing can be seen: 17 rows of a million would be no pixel. */
const LEAST_WIDTH = 10;

type Counts = Readonly<Record<Part | "missing", number>>;

/** Received as one bar of its parts. Widths as attributes of SVG: the page's policy forbids style attributes. */
export function Bar({ label, counts, onPick }: { label: string; counts: Counts; onPick?: (part: Part) => void }) {
  let x = 0;
  return (
    <svg
      class="bar"
      viewBox={`0 0 ${BAR.width} ${BAR.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {widthsOf(counts).map(([name, width]) => {
        const at = x;
        x += width;
        const pick = name === "missing" ? undefined : onPick;
        const onClick = pick === undefined ? undefined : () => pick(name as Part);
        return <rect key={name} class={name} x={at} y="0" width={width} height={BAR.height} onClick={onClick} />;
      })}
    </svg>
  );
}

function widthsOf(counts: Counts): (readonly [Part | "missing", number])[] {
  const names = [...parts, "missing"] as const;
  const sum = names.reduce((total, name) => total + counts[name], 0);
  const wide = names.map((name) => (counts[name] === 0 ? 0 : Math.max(LEAST_WIDTH, (counts[name] / sum) * BAR.width)));
  const scale =
    BAR.width /
    Math.max(
      1,
      wide.reduce((total, width) => total + width, 0),
    );
  return names.map((name, i) => [name, (wide[i] ?? 0) * scale]);
}
