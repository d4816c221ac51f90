import type { FlowReport } from "../flow/ledger/reconcile.ts";
import type { PastFlow } from "../server/wire.ts";
import { flows, rates } from "./state/connection.ts";
import { frame, pastTime } from "./state/past.ts";
import { originFilter } from "./state/view.ts";
import { Bar, outcomes, type Outcome } from "./ui/bar.tsx";
import { formatCount, formatDuration, formatTime } from "./ui/format.ts";

const titles = { request: "Flow 1: request", stream: "Flow 2: stream" } as const;
/** A lag above this, in s, is shown as late. Every row waits a moment before it is stored. */
const MAX_NORMAL_LAG_S = 2;

const outcomeHelp: Readonly<Record<Outcome, string>> = {
  accepted: "Show only aircraft whose newest row came through this flow",
  duplicate: "Show only aircraft whose newest batch in this flow contains duplicates",
  rejected: "Show only aircraft named in the newest rejected rows of this flow",
  pending: "Pending rows are not stored yet, so they have no aircraft to show",
};

const countHelp: Readonly<Record<string, string>> = {
  missing: "Received rows without an outcome",
  expired: "Rows that the retention job deleted",
  surplus: "Stored rows that the ledger does not count",
  repeats: "Rows that arrived again in a redelivery. They are not stored twice",
};

export function Flows() {
  const isPast = pastTime.value !== null;
  return (
    <section aria-label="Both flows" class="flows">
      {isPast && frame.value !== null && frame.value.flows.map((flow) => <PastCard key={flow.flow} past={flow} />)}
      {!isPast && flows.value.length === 0 && <p class="quiet">Counting…</p>}
      {!isPast && flows.value.map((report) => <FlowCard key={report.flow} report={report} />)}
    </section>
  );
}

/** Both equations of one flow, as text and as a bar. The card turns red when an equation does not balance. */
function FlowCard({ report }: { report: FlowReport }) {
  const { flow, balanced, missing, surplus, repeats, stored_at } = report;
  return (
    <article class={balanced ? "flow" : "flow unbalanced"} data-flow={flow} data-balanced={String(balanced)}>
      <h2>
        {titles[flow]} <Rate flow={flow} /> <Lag report={report} />
      </h2>
      <Bar
        label={`${titles[flow]}: received rows by outcome`}
        counts={{ ...report, missing: Math.max(0, missing) }}
        onPick={(outcome) => toggleFilter(flow, outcome)}
      />
      <div class="equation outcomes">
        <Count name="received" value={report.received} /> =
        {outcomes.map((outcome, i) => (
          <span key={outcome}>
            {i > 0 && "+ "}
            <OutcomeButton flow={flow} outcome={outcome} value={report[outcome]} />
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
          counted <b>{formatTime(stored_at)}</b>
        </span>
      </div>
      {!balanced && <p role="alert">{imbalance(report)}</p>}
    </article>
  );
}

/** The ledger's sums at the displayed past time. */
function PastCard({ past }: { past: PastFlow }) {
  return (
    <article class="flow past" data-flow={past.flow}>
      <h2>
        {titles[past.flow]} <span class="quiet">batches stored by {formatTime(frame.value?.at ?? 0)}</span>
      </h2>
      <Bar label={`${titles[past.flow]}: received rows by outcome`} counts={{ ...past, pending: 0, missing: 0 }} />
      <div class="equation outcomes">
        <Count name="received" value={past.received} /> = <Count name="accepted" value={past.accepted} /> +{" "}
        <Count name="duplicate" value={past.duplicate} /> + <Count name="rejected" value={past.rejected} />
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
        {formatCount(rows)}
      </b>{" "}
      rows/s
    </span>
  );
}

/** How long the oldest pending row had waited when the flow was counted. Kinesis does not report pending rows. */
function Lag({ report: { oldest_pending, stored_at, pending_known } }: { report: FlowReport }) {
  if (!pending_known)
    return (
      <span class="lag quiet" title="Kinesis does not count waiting rows. CloudWatch shows the stream's iterator age.">
        lag: see CloudWatch
      </span>
    );
  const seconds = oldest_pending === null ? 0 : Math.max(0, Math.round(stored_at - oldest_pending));
  return (
    <span
      class={seconds > MAX_NORMAL_LAG_S ? "lag late" : "lag quiet"}
      data-name="lag"
      data-value={seconds}
      title="Waiting time of the oldest row that is received and not stored"
    >
      lag {formatDuration(seconds)}
    </span>
  );
}

function Count({ name, value }: { name: string; value: number | null }) {
  return (
    <span class={`count ${name}`} title={countHelp[name]}>
      {name}{" "}
      <b data-name={name} data-value={value ?? ""}>
        {value === null ? "not counted" : formatCount(value)}
      </b>
    </span>
  );
}

function isFilteredBy(flow: FlowReport["flow"], outcome: Outcome): boolean {
  const filter = originFilter.value;
  return filter?.kind === "outcome" && filter.flow === flow && filter.outcome === outcome;
}

function toggleFilter(flow: FlowReport["flow"], outcome: Outcome): void {
  originFilter.value = isFilteredBy(flow, outcome) ? null : { kind: "outcome", flow, outcome };
}

function OutcomeButton({ flow, outcome, value }: { flow: FlowReport["flow"]; outcome: Outcome; value: number }) {
  return (
    <button
      type="button"
      class={`count ${outcome}`}
      aria-pressed={isFilteredBy(flow, outcome)}
      title={outcomeHelp[outcome]}
      onClick={() => toggleFilter(flow, outcome)}
    >
      {outcome}{" "}
      <b data-name={outcome} data-value={value}>
        {formatCount(value)}
      </b>
    </button>
  );
}

function imbalance({ missing, surplus, unbalanced, ledger_drift }: FlowReport): string {
  const problems = [
    missing > 0 ? `${formatCount(missing)} received rows have no outcome` : "",
    ledger_drift === 0 ? "" : `the ledgers of two databases differ by ${formatCount(Math.abs(ledger_drift))} rows`,
    missing < 0 ? `${formatCount(-missing)} rows have an outcome and were not received` : "",
    surplus === 0 || surplus === null ? "" : `stored rows differ from the ledger by ${formatCount(surplus)}`,
    ...unbalanced.map(
      ({ batch_id, expected, stored }) => `batch ${batch_id}: ${stored} of ${expected} rows are stored`,
    ),
  ];
  return `Out of balance: ${problems.filter((problem) => problem !== "").join("; ")}`;
}
