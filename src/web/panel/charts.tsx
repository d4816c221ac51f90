import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { StoredRow } from "../../flow/queries.ts";
import { history } from "../state/history.ts";
import { clock, many, span } from "../ui/text.ts";
import { colours, cssOf } from "../map/theme.ts";

const SIZE = { width: 288, height: 110 } as const;
/** Rows farther apart, in s, are not joined. */
const MOST_GAP_S = 900;

/** `least` is what an axis spans at least, so that noise does not look like a climb. */
const series = [
  { name: "baro_altitude", title: "Altitude", unit: "m", least: 500 },
  { name: "velocity", title: "Speed", unit: "m/s", least: 50 },
] as const;

/** Altitude and speed over the stored history; what a canvas shows stands beside it in words. */
export function Charts() {
  const rows = history.value;
  if (rows.length < 2) return <p class="quiet">No history is stored yet.</p>;
  const seconds = Number(rows.at(-1)?.["last_contact"]) - Number(rows[0]?.["last_contact"]);
  return (
    <div class="charts">
      {series.map((of) => (
        <figure key={of.name}>
          <Chart rows={rows} of={of} />
          <figcaption>
            {of.title} over {span(seconds)}: {summary(rows, of)}
          </figcaption>
        </figure>
      ))}
    </div>
  );
}

/** Where the axis begins and ends. */
function rangeOf([low, high]: [number | null, number | null], least: number): [number, number] {
  if (low === null || high === null) return [0, least];
  const rest = Math.max(0, least - (high - low));
  const begin = Math.max(Math.min(0, low), low - rest / 2);
  return [begin, Math.max(high, begin + least)];
}

type Series = (typeof series)[number];

function summary(rows: readonly StoredRow[], { name, unit }: Series): string {
  const values = rows.flatMap((row) => (typeof row[name] === "number" ? [row[name]] : []));
  if (values.length === 0) return "never said";
  const [least, most, last] = [Math.min(...values), Math.max(...values), values.at(-1) ?? 0].map((value) =>
    many(Math.round(value)),
  );
  return `${least} to ${most} ${unit}, last ${last}`;
}

function Chart({ rows, of }: { rows: readonly StoredRow[]; of: Series }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { ink, quiet, accent } = colours.value;
  useEffect(() => {
    if (place.current === null) return undefined;
    const axis = { stroke: cssOf(quiet), grid: { show: false }, ticks: { show: false }, font: "10px system-ui" };
    const made = new uPlot(
      {
        ...SIZE,
        legend: { show: false },
        cursor: { show: false },
        axes: [
          { ...axis, size: 22, values: (_, times) => times.map((time) => clock(time).slice(0, 5)) },
          { ...axis, size: 48 },
        ],
        scales: { y: { range: (_, low, high) => rangeOf([low, high], of.least) } },
        series: [{}, { stroke: cssOf(accent), width: 1.5, spanGaps: false, points: { show: false } }],
      },
      [[], []],
      place.current,
    );
    plot.current = made;
    return () => made.destroy();
  }, [ink, quiet, accent]);
  useEffect(() => plot.current?.setData(dataOf(rows, of.name)), [rows, plot.current]);
  return <div ref={place} class="chart" aria-hidden="true" />;
}

/** Times and values; a null where rows are too far apart, so that no line is drawn over a silence. */
function dataOf(rows: readonly StoredRow[], name: Series["name"]): uPlot.AlignedData {
  const times: number[] = [];
  const values: (number | null)[] = [];
  for (const row of rows) {
    const time = Number(row["last_contact"]);
    const before = times.at(-1);
    // one point a second: of two sources the first
    if (before !== undefined && time <= before) continue;
    if (before !== undefined && time - before > MOST_GAP_S) {
      times.push(before + 1);
      values.push(null);
    }
    times.push(time);
    values.push(typeof row[name] === "number" ? row[name] : null);
  }
  return [times, values];
}
