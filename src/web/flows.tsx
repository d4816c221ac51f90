import type { FlowReport } from "../flow/flows.ts";
import { flows, rates } from "./store.ts";
import { clock, many } from "./text.ts";

const titles = { request: "Flow 1, request", stream: "Flow 2, stream" } as const;
const parts = ["accepted", "duplicate", "rejected", "pending"] as const;
type CountName = "received" | "stored" | "expired" | "repeats" | "missing" | "surplus" | (typeof parts)[number];

export function Flows() {
  return (
    <section aria-labelledby="flows-title" class="flows">
      <h2 id="flows-title">Both flows</h2>
      {flows.value.length === 0 && <p class="quiet">Counting…</p>}
      {flows.value.map((report) => (
        <FlowCard key={report.flow} report={report} />
      ))}
    </section>
  );
}

/** Both equations of one flow, as text and as a bar; red with what is missing when one does not hold. */
function FlowCard({ report }: { report: FlowReport }) {
  const { flow, balanced, missing, surplus } = report;
  return (
    <article class={balanced ? "flow" : "flow unbalanced"} data-flow={flow} data-balanced={String(balanced)}>
      <h3>
        {titles[flow]} <Rate flow={flow} />
      </h3>
      <Bar report={report} />
      <p class="equation parts">
        <Count report={report} name="received" /> ={" "}
        {parts.map((name, i) => (
          <span key={name}>
            {i > 0 && " + "}
            <Count report={report} name={name} />
          </span>
        ))}
        {missing !== 0 && (
          <>
            {" "}
            + <Count report={report} name="missing" />
          </>
        )}
      </p>
      <p class="equation">
        <Count report={report} name="stored" /> = <Count report={report} name="accepted" /> −{" "}
        <Count report={report} name="expired" />
        {surplus !== null && surplus !== 0 && (
          <>
            {" "}
            + <Count report={report} name="surplus" />
          </>
        )}
      </p>
      <p class="quiet">
        <Count report={report} name="repeats" /> · counted {clock(report.stored_at)}
      </p>
      {!balanced && <p role="alert">{imbalance(report)}</p>}
    </article>
  );
}

function Rate({ flow }: { flow: FlowReport["flow"] }) {
  const rate = rates.value[flow];
  if (rate === undefined) return null;
  const rows = Math.round(rate);
  return (
    <span class="rate">
      <b data-name="rate" data-value={rows}>
        {many(rows)}
      </b>{" "}
      rows/s
    </span>
  );
}

function Count({ report, name }: { report: FlowReport; name: CountName }) {
  const value = report[name];
  return (
    <span class={`count ${name}`}>
      {name}{" "}
      <b data-name={name} data-value={value ?? ""}>
        {value === null ? "not counted" : many(value)}
      </b>
    </span>
  );
}

const BAR = { width: 1000, height: 12 };
/** What is not nothing can be seen: 17 rows of a million would be no pixel. */
const LEAST_WIDTH = 10;

/** Widths as attributes of SVG: the page's policy forbids style attributes. */
function Bar({ report }: { report: FlowReport }) {
  const rows = [...parts, "missing" as const].map((name) => ({ name, rows: Math.max(0, report[name]) }));
  const sum = rows.reduce((total, one) => total + one.rows, 0);
  const wide = rows.map((one) => (one.rows === 0 ? 0 : Math.max(LEAST_WIDTH, (one.rows / sum) * BAR.width)));
  const scale =
    BAR.width /
    Math.max(
      1,
      wide.reduce((total, width) => total + width, 0),
    );
  let x = 0;
  return (
    <svg
      class="bar"
      viewBox={`0 0 ${BAR.width} ${BAR.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${titles[report.flow]}: parts of received`}
    >
      {rows.map(({ name }, i) => {
        const [at, width] = [x, (wide[i] ?? 0) * scale];
        x += width;
        return <rect key={name} class={name} x={at} y="0" width={width} height={BAR.height} />;
      })}
    </svg>
  );
}

function imbalance({ missing, surplus, unbalanced, apart }: FlowReport): string {
  const said = [
    missing > 0 ? `${many(missing)} rows received that no count holds` : "",
    apart === 0 ? "" : `${many(Math.abs(apart))} rows stand in one database and not in another`,
    missing < 0 ? `${many(-missing)} rows counted that were not received` : "",
    surplus === 0 || surplus === null ? "" : `${many(surplus)} rows stored beyond the ledger`,
    ...unbalanced.map(({ batch_id, expected, stored }) => `batch ${batch_id}: ${stored} rows of ${expected}`),
  ];
  return `Out of balance: ${said.filter((part) => part !== "").join("; ")}`;
}
