import { signal } from "@preact/signals";
import type { WireField, WireRow } from "../local/wire.ts";
import { count, now, search, shown, sort, valueOf } from "./store.ts";

interface Column {
  name: WireField;
  title: string;
  text(row: WireRow): string;
}

const EMERGENCIES = ["7500", "7600", "7700"];
/** px, as in page.css */
const ROW_HEIGHT = 28;
const ROWS_AROUND = 6;
const MOST_ROWS = 50;

const plain = (name: WireField, title: string): Column => ({
  name,
  title,
  text: (row) => String(valueOf(row, name) ?? ""),
});
const rounded = (name: WireField, title: string): Column => ({
  name,
  title,
  text: (row) => {
    const found = valueOf(row, name);
    return typeof found === "number" ? Math.round(found).toLocaleString("en-US") : "";
  },
});

const columns: readonly Column[] = [
  plain("callsign", "Callsign"),
  plain("icao24", "Address"),
  plain("source", "Source"),
  plain("origin_country", "Country"),
  rounded("baro_altitude", "Altitude m"),
  rounded("velocity", "Speed m/s"),
  rounded("true_track", "Track °"),
  plain("squawk", "Squawk"),
  {
    name: "last_contact",
    title: "Age s",
    text: (row) => String(Math.max(0, now.value - Number(valueOf(row, "last_contact")))),
  },
  plain("flags", "Flags"),
];

const scroll = signal({ top: 0, height: 600 });

export function Table() {
  const rows = shown.value;
  return (
    <section aria-labelledby="table-title" class="aircraft">
      <div class="head">
        <h2 id="table-title">
          Aircraft{" "}
          <b data-name="aircraft" data-value={count.value}>
            {count.value.toLocaleString("en-US")}
          </b>
        </h2>
        <label>
          Search{" "}
          <input
            type="search"
            placeholder="callsign or address"
            value={search.value}
            onInput={(event) => (search.value = event.currentTarget.value)}
          />
        </label>
      </div>
      <div class="table" role="table" aria-label="Aircraft" aria-rowcount={rows.length + 1}>
        <div role="row" aria-rowindex={1} class="row titles">
          {columns.map((column) => (
            <Title key={column.name} column={column} />
          ))}
        </div>
        <div
          class="scroll"
          role="rowgroup"
          tabIndex={0}
          aria-label="Rows"
          onScroll={(event) => see(event.currentTarget)}
          ref={(element) => void (element !== null && see(element))}
        >
          <VisibleRows rows={rows} />
        </div>
        {rows.length === 0 && (
          <p class="quiet">{count.value === 0 ? "Waiting for flights…" : "No aircraft matches."}</p>
        )}
      </div>
    </section>
  );
}

function see(element: HTMLElement): void {
  const { scrollTop, clientHeight } = element;
  if (scroll.value.top !== scrollTop || scroll.value.height !== clientHeight)
    scroll.value = { top: scrollTop, height: clientHeight };
}

/** Those rows alone that can be seen, between two spacers. */
function VisibleRows({ rows }: { rows: readonly WireRow[] }) {
  const { top, height } = scroll.value;
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - ROWS_AROUND);
  const last = Math.min(rows.length, first + Math.min(MOST_ROWS, Math.ceil(height / ROW_HEIGHT) + 2 * ROWS_AROUND));
  return (
    <>
      <Spacer rows={first} />
      {rows.slice(first, last).map((row, i) => (
        <Row key={String(valueOf(row, "icao24"))} row={row} index={first + i + 2} />
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
  const isEmergency = EMERGENCIES.includes(String(valueOf(row, "squawk")));
  return (
    <div
      role="row"
      aria-rowindex={index}
      class={isEmergency ? "row emergency" : "row"}
      data-icao24={valueOf(row, "icao24")}
    >
      {columns.map(({ name, text }) => (
        <span role="cell" key={name} class={name}>
          {text(row)}
        </span>
      ))}
    </div>
  );
}

function Title({ column: { name, title } }: { column: Column }) {
  const { by, isDescending } = sort.value;
  const order = by === name ? (isDescending ? "descending" : "ascending") : "none";
  return (
    <span role="columnheader" aria-sort={order} class={name}>
      <button type="button" onClick={() => (sort.value = { by: name, isDescending: by === name && !isDescending })}>
        {title}
        {by === name && (isDescending ? " ↓" : " ↑")}
      </button>
    </span>
  );
}
