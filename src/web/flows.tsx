import type { FlowReport } from "../flow/ledger/reconcile.ts";
import type { PastFlow } from "../server/wire.ts";
import { Bar, parts, type Part } from "./ui/bar.tsx";
import { frame, pastTime } from "./state/past.ts";
import { flows, rates } from "./state/connection.ts";
import { clock, many, span } from "./ui/text.ts";
import { choice } from "./state/view.ts";

const titles = { request: "Flow 1, request", stream: "Flow 2, stream" } as const;
/** Rows that wait less than this, in s, are on their way. */
const SOON_S = 2;

export function Flows() {
  const isPast = pastTime.value !== null;
  return (
    <section aria-label="Both flows" class="flows">
      {isPast && frame.value !== null && frame.value.flows.map((flow) => <PastCard key={flow.flow} of={flow} />)}
      {!isPast && flows.value.length === 0 && <p class="quiet">Counting…</p>}
      {!isPast && flows.value.map((report) => <FlowCard key={report.flow} report={report} />)}
    </section>
  );
}

/** Both equations of one flow, as text and as a bar; red with what is missing when one does not hold. */
function FlowCard({ report }: { report: FlowReport }) {
  const { flow, balanced, missing, surplus, repeats, stored_at } = report;
  return (
    <article class={balanced ? "flow" : "flow unbalanced"} data-flow={flow} data-balanced={String(balanced)}>
      <h2>
        {titles[flow]} <Rate flow={flow} /> <Lag report={report} />
      </h2>
      <Bar
        label={`${titles[flow]}: parts of received`}
        counts={{ ...report, missing: Math.max(0, missing) }}
        onPick={(part) => pick(flow, part)}
      />
      <div class="equation parts">
        <Count name="received" value={report.received} /> =
        {parts.map((part, i) => (
          <span key={part}>
            {i > 0 && "+ "}
            <PartButton flow={flow} part={part} value={report[part]} />
          </span>
        ))}
        {missing !== 0 && (
          <span>
            + <Count name="missing" value={missing} />
          </span>
        )}
      </div>
      <div class="equation">
        <Count name="stored" value={report.stored} /> = <Count name="accepted" value={report.accepted} /> −{" "}
        <Count name="expired" value={report.expired} />
        {surplus !== null && surplus !== 0 && (
          <>
            + <Count name="surplus" value={surplus} />
          </>
        )}
        <Count name="repeats" value={repeats} />
        <span class="count">
          counted <b>{clock(stored_at)}</b>
        </span>
      </div>
      {!balanced && <p role="alert">{imbalance(report)}</p>}
    </article>
  );
}

/** The ledger as it stood at the time shown. */
function PastCard({ of }: { of: PastFlow }) {
  return (
    <article class="flow past" data-flow={of.flow}>
      <h2>
        {titles[of.flow]} <span class="quiet">as applied until {clock(frame.value?.at ?? 0)}</span>
      </h2>
      <Bar label={`${titles[of.flow]}: parts of received`} counts={{ ...of, pending: 0, missing: 0 }} />
      <div class="equation parts">
        <Count name="received" value={of.received} /> = <Count name="accepted" value={of.accepted} /> +{" "}
        <Count name="duplicate" value={of.duplicate} /> + <Count name="rejected" value={of.rejected} />
      </div>
    </article>
  );
}

function Rate({ flow }: { flow: FlowReport["flow"] }) {
  const rate = rates.value[flow];
  if (rate === undefined) return null;
  const rows = Math.round(rate);
  return (
    <span class="quiet">
      <b data-name="rate" data-value={rows}>
        {many(rows)}
      </b>{" "}
      rows/s
    </span>
  );
}

/** How long, at the time of the count, the oldest row had waited that passed the door and stood in no batch. */
function Lag({ report: { oldest_pending, stored_at, pending_known } }: { report: FlowReport }) {
  if (!pending_known) return <span class="lag quiet">lag: see the stream's iterator age</span>;
  const seconds = oldest_pending === null ? 0 : Math.max(0, Math.round(stored_at - oldest_pending));
  return (
    <span class={seconds > SOON_S ? "lag late" : "lag quiet"} data-name="lag" data-value={seconds}>
      lag {span(seconds)}
    </span>
  );
}

function Count({ name, value }: { name: string; value: number | null }) {
  return (
    <span class={`count ${name}`}>
      {name}{" "}
      <b data-name={name} data-value={value ?? ""}>
        {value === null ? "not counted" : many(value)}
      </b>
    </span>
  );
}

function isPicked(flow: FlowReport["flow"], part: Part): boolean {
  const of = choice.value;
  return of?.kind === "part" && of.flow === flow && of.part === part;
}

/** Chooses a part of a flow, or all again. */
function pick(flow: FlowReport["flow"], part: Part): void {
  choice.value = isPicked(flow, part) ? null : { kind: "part", flow, part };
}

/** A part of received, whose aircraft alone are shown when it is chosen. */
function PartButton({ flow, part, value }: { flow: FlowReport["flow"]; part: Part; value: number }) {
  return (
    <button
      type="button"
      class={`count ${part}`}
      aria-pressed={isPicked(flow, part)}
      title={`Show what was ${part} here alone`}
      onClick={() => pick(flow, part)}
    >
      {part}{" "}
      <b data-name={part} data-value={value}>
        {many(value)}
      </b>
    </button>
  );
}

function imbalance({ missing, surplus, unbalanced, ledger_drift }: FlowReport): string {
  const said = [
    missing > 0 ? `${many(missing)} rows received that no count holds` : "",
    ledger_drift === 0 ? "" : `${many(Math.abs(ledger_drift))} rows stand in one database and not in another`,
    missing < 0 ? `${many(-missing)} rows counted that were not received` : "",
    surplus === 0 || surplus === null ? "" : `${many(surplus)} rows stored beyond the ledger`,
    ...unbalanced.map(({ batch_id, expected, stored }) => `batch ${batch_id}: ${stored} rows of ${expected}`),
  ];
  return `Out of balance: ${said.filter((part) => part !== "").join("; ")}`;
}
