import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { WireField, WireRow } from "../server/wire.ts";
import { columns, type Column } from "./columns.ts";
import { selectNext } from "./keys.tsx";
import { addressOf, isEmergency } from "./state/aircraft.ts";
import { search, selected, sort } from "./state/view.ts";
import { aircraftCount, tableRows } from "./state/visible-rows.ts";

/** px, as `--row` in page.css */
const ROW_HEIGHT = 26;
/** Rows drawn above and below the visible ones. */
const OVERSCAN_ROWS = 4;
/** At least the visible rows (`--max-rows` in page.css) and the overscan. */
const MAX_ROWS = 58;

const scroll = signal({ top: 0, height: 600 });

export function Table() {
  const rows = tableRows.value;
  const scroller = useRef<HTMLDivElement>(null);
  // a new search or order starts at its first row
  useEffect(() => {
    scroller.current?.scrollTo(0, 0);
  }, [search.value, sort.value]);
  return (
    <div class="table" role="table" aria-label="Aircraft" aria-rowcount={rows.length + 1}>
      <div role="row" aria-rowindex={1} class="row titles">
        {columns.map((column) => (
          <Title key={column.name} column={column} />
        ))}
      </div>
      {rows.length === 0 && (
        <p class="quiet">{aircraftCount.value === 0 ? "Waiting for flights…" : "No aircraft matches."}</p>
      )}
      <div
        class="scroll"
        role="rowgroup"
        tabIndex={0}
        aria-label="Rows"
        onKeyDown={(event) => selectByKey(event)}
        onScroll={(event) => updateScroll(event.currentTarget)}
        ref={(element) => {
          scroller.current = element;
          if (element !== null) updateScroll(element);
        }}
      >
        <VisibleRows rows={rows} />
      </div>
    </div>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 };

/** Selects another row and scrolls it into view. */
function selectByKey(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = STEPS[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const top = selectNext(step) * ROW_HEIGHT;
  const { scrollTop, clientHeight } = event.currentTarget;
  if (top < scrollTop) event.currentTarget.scrollTop = top;
  else if (top + ROW_HEIGHT > scrollTop + clientHeight) event.currentTarget.scrollTop = top + ROW_HEIGHT - clientHeight;
}

function updateScroll(element: HTMLElement): void {
  const { scrollTop, clientHeight } = element;
  if (scroll.value.top !== scrollTop || scroll.value.height !== clientHeight)
    scroll.value = { top: scrollTop, height: clientHeight };
}

/** The rows in the scroll window, between two spacers for all other rows. */
function VisibleRows({ rows }: { rows: readonly WireRow[] }) {
  const { top, height } = scroll.value;
  const drawn = Math.min(rows.length, MAX_ROWS, Math.ceil(height / ROW_HEIGHT) + 1 + 2 * OVERSCAN_ROWS);
  // a search may leave fewer rows than the scroll position expects
  const first = Math.max(0, Math.min(Math.floor(top / ROW_HEIGHT) - OVERSCAN_ROWS, rows.length - drawn));
  const last = first + drawn;
  return (
    <>
      <Spacer rows={first} />
      {rows.slice(first, last).map((row, i) => (
        <Row key={addressOf(row)} row={row} index={first + i + 2} />
      ))}
      <Spacer rows={rows.length - last} />
    </>
  );
}

const Spacer = ({ rows }: { rows: number }) => (
  <div
    role="presentation"
    ref={(element) => void (element !== null && (element.style.height = `${rows * ROW_HEIGHT}px`))}
  />
);

function Row({ row, index }: { row: WireRow; index: number }) {
  const icao24 = addressOf(row);
  const isSelected = selected.value === icao24;
  return (
    <div
      role="row"
      aria-rowindex={index}
      aria-selected={isSelected}
      class={`row${isEmergency(row) ? " emergency" : ""}${isSelected ? " selected" : ""}`}
      data-icao24={icao24}
      onClick={() => (selected.value = isSelected ? null : icao24)}
    >
      {columns.map(({ name, text }) => (
        <Cell key={name} name={name} text={text(row)} />
      ))}
    </div>
  );
}

/** The title shows the whole text where the column is too narrow. */
const Cell = ({ name, text }: { name: WireField; text: string }) => (
  <span role="cell" class={name} title={text}>
    {text}
  </span>
);

function Title({ column: { name, title } }: { column: Column }) {
  const { by, isDescending } = sort.value;
  const order = by === name ? (isDescending ? "descending" : "ascending") : "none";
  return (
    <span role="columnheader" aria-sort={order} class={name}>
      <button type="button" onClick={() => (sort.value = { by: name, isDescending: by === name && !isDescending })}>
        {title}
        <i aria-hidden="true">{by === name && (isDescending ? "↓" : "↑")}</i>
      </button>
    </span>
  );
}
