import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { StoredRow } from "../../flow/queries.ts";
import { colors, cssOf } from "../map/theme.ts";
import { history } from "../state/history.ts";
import { formatTime, formatCount, formatDuration } from "../ui/format.ts";

const SIZE = { width: 288, height: 110 } as const;
/** A longer interval between two rows, in s, breaks the line. */
const MAX_GAP_S = 900;

/** `min_range` is the smallest range of the axis, so that noise does not look like a climb. */
const series = [
  { name: "baro_altitude", title: "Altitude", unit: "m", min_range: 500 },
  { name: "velocity", title: "Speed", unit: "m/s", min_range: 50 },
] as const;

/** Altitude and speed over the stored history. Each caption repeats the chart as text for screen readers. */
export function Charts() {
  const rows = history.value;
  if (rows.length < 2) return <p class="quiet">No stored history yet.</p>;
  const seconds = Number(rows.at(-1)?.["last_contact"]) - Number(rows[0]?.["last_contact"]);
  return (
    <div class="charts">
      {series.map((line) => (
        <figure key={line.name}>
          <Chart rows={rows} series={line} />
          <figcaption>
            {line.title} over {formatDuration(seconds)}: {summary(rows, line)}
          </figcaption>
        </figure>
      ))}
    </div>
  );
}

/** Start and end of the axis. */
function rangeOf([low, high]: [number | null, number | null], min_range: number): [number, number] {
  if (low === null || high === null) return [0, min_range];
  const padding = Math.max(0, min_range - (high - low));
  const start = Math.max(Math.min(0, low), low - padding / 2);
  return [start, Math.max(high, start + min_range)];
}

type Series = (typeof series)[number];

function summary(rows: readonly StoredRow[], { name, unit }: Series): string {
  const values = rows.flatMap((row) => (typeof row[name] === "number" ? [row[name]] : []));
  if (values.length === 0) return "not reported";
  const [min, max, last] = [Math.min(...values), Math.max(...values), values.at(-1) ?? 0].map((value) =>
    formatCount(Math.round(value)),
  );
  return `${min} to ${max} ${unit}, last ${last}`;
}

function Chart({ rows, series: { name, min_range } }: { rows: readonly StoredRow[]; series: Series }) {
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { ink, quiet, accent } = colors.value;
  useEffect(() => {
    if (container.current === null) return undefined;
    const axis = { stroke: cssOf(quiet), grid: { show: false }, ticks: { show: false }, font: "10px system-ui" };
    const chart = new uPlot(
      {
        ...SIZE,
        legend: { show: false },
        cursor: { show: false },
        axes: [
          { ...axis, size: 22, values: (_, times) => times.map((time) => formatTime(time).slice(0, 5)) },
          { ...axis, size: 48 },
        ],
        scales: { y: { range: (_, low, high) => rangeOf([low, high], min_range) } },
        series: [{}, { stroke: cssOf(accent), width: 1.5, spanGaps: false, points: { show: false } }],
      },
      [[], []],
      container.current,
    );
    plot.current = chart;
    return () => chart.destroy();
  }, [ink, quiet, accent]);
  useEffect(() => plot.current?.setData(dataOf(rows, name)), [rows, plot.current]);
  return <div ref={container} class="chart" aria-hidden="true" />;
}

/** Times and values. A null after a long interval breaks the line. */
function dataOf(rows: readonly StoredRow[], name: Series["name"]): uPlot.AlignedData {
  const times: number[] = [];
  const values: (number | null)[] = [];
  for (const row of rows) {
    const time = Number(row["last_contact"]);
    const before = times.at(-1);
    // one point per second: of two sources, the first
    if (before !== undefined && time <= before) continue;
    if (before !== undefined && time - before > MAX_GAP_S) {
      times.push(before + 1);
      values.push(null);
    }
    times.push(time);
    values.push(typeof row[name] === "number" ? row[name] : null);
  }
  return [times, values];
}
