import type { FlowReport } from "../flow/flows.ts";
import { flows } from "./store.ts";

const titles = { request: "Flow 1, request", stream: "Flow 2, stream" } as const;
const parts = ["accepted", "duplicate", "rejected", "pending"] as const;
const many = (count: number): string => count.toLocaleString("en-US");

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
  const { flow, balanced } = report;
  return (
    <article class={balanced ? "flow" : "flow unbalanced"} data-flow={flow} data-balanced={String(balanced)}>
      <h3>{titles[flow]}</h3>
      <Bar report={report} />
      <p class="equation">
        <Count report={report} name="received" /> ={" "}
        {parts.map((name, i) => (
          <span key={name}>
            {i > 0 && " + "}
            <Count report={report} name={name} />
          </span>
        ))}
      </p>
      <p class="equation">
        <Count report={report} name="stored" /> = <Count report={report} name="accepted" /> −{" "}
        <Count report={report} name="expired" />
      </p>
      <p class="quiet">
        <Count report={report} name="repeats" /> · counted {new Date(report.stored_at * 1000).toLocaleTimeString()}
      </p>
      {!balanced && <p role="alert">{imbalance(report)}</p>}
    </article>
  );
}

type CountName = "received" | "stored" | "expired" | "repeats" | (typeof parts)[number];

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

/** Widths as attributes of SVG: the page's policy forbids style attributes. */
function Bar({ report }: { report: FlowReport }) {
  const sum = parts.reduce((total, name) => total + report[name], 0) + Math.max(0, report.missing);
  const segments = [
    ...parts.map((name) => ({ name, rows: report[name] })),
    { name: "missing", rows: Math.max(0, report.missing) },
  ];
  let x = 0;
  return (
    <svg
      class="bar"
      viewBox="0 0 1000 12"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${titles[report.flow]}: parts of received`}
    >
      {segments.map(({ name, rows }) => {
        const width = sum === 0 ? 0 : (rows / sum) * 1000;
        const at = x;
        x += width;
        return <rect key={name} class={name} x={at} y="0" width={width} height="12" />;
      })}
    </svg>
  );
}

function imbalance({ missing, surplus, unbalanced }: FlowReport): string {
  const said = [
    missing === 0 ? "" : `${many(missing)} rows received that no count holds`,
    surplus === 0 || surplus === null ? "" : `${many(surplus)} rows stored beyond the ledger`,
    ...unbalanced.map(({ batch_id, expected, stored }) => `batch ${batch_id}: ${stored} rows of ${expected}`),
  ];
  return `Out of balance: ${said.filter((part) => part !== "").join("; ")}`;
}
