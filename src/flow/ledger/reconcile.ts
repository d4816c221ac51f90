import { setTimeout as sleep } from "node:timers/promises";
import { inParallel } from "../../in-parallel.ts";
import { PREFIXES, receiptId } from "../objects/keys.ts";
import type { Flow, FlowTotals, Intake, Ledger, ObjectStore, Stream, Totals } from "../ports.ts";
import { readReceipt } from "../request/ingest.ts";

/**
 * Reconciliation shows that no row was lost. It counts the rows of a flow independently at its intake, in the ledger and in
 * the tables, and checks two equations:
 *
 *     received = accepted + duplicate + rejected + pending
 *     stored   = accepted - expired
 *
 * A flow is balanced if both are true, and if each batch has the rows that its ledger row states.
 */
export interface FlowReport {
  flow: Flow;
  /** Rows that entered the flow, counted at its intake. */
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  /** The backlog: rows that entered the flow and are not in an applied delivery yet. It is counted, not computed. */
  pending: number;
  /** Unix seconds: arrival of the oldest pending row. Null if no row is pending. */
  oldest_pending: number | null;
  /** Whether the intake and the backlog are counted. If not, `received` counts decoded rows and `pending` is 0. */
  pending_known: boolean;
  repeats: number;
  expired: number;
  /** Rows in the tables. Null if they were not counted. */
  stored: number | null;
  balanced: boolean;
  /** received - accepted - duplicate - rejected - pending. Positive: rows were lost. Negative: rows were counted twice. */
  missing: number;
  /** stored - accepted + expired. Null if `stored` is null. */
  surplus: number | null;
  reasons: Record<string, number>;
  /** Some of the batches whose stored rows differ from the ledger. */
  unbalanced: FlowTotals["unbalanced"];
  /** Unix seconds of the count. */
  stored_at: number;
  /** Totals of the databases after the first. */
  others: FlowTotals[];
  /**
   * Received rows in the first database's ledger minus those in another's. Two counts must agree on it, so that a batch
   * between its two writes does not count.
   */
  ledger_drift: number;
}

/** Counts both flows repeatedly. Receipts and deliveries never change, so a counter reads each of them once. */
export interface FlowCounter {
  /** `verify` also counts tables that can be counted only by reading them whole. */
  count(verify?: boolean): Promise<FlowReport[]>;
}

/** A transaction may commit this long after the time that its ledger row states, in s. */
const COMMIT_MARGIN_S = 600;
/** The wait before the second count. A batch reaches the second database in less time after the first. */
const RECOUNT_AFTER_MS = 2_000;

/** Counts a second time if the ledgers of two databases differ. Only a difference in both counts is reported. */
export function flowCounter(ports: CountedPorts): FlowCounter {
  const counter = counterOnce(ports);
  return {
    async count(verify) {
      const first = await counter.count(verify);
      if (first.every(({ ledger_drift }) => ledger_drift === 0)) return first;
      await sleep(RECOUNT_AFTER_MS);
      const again = await counter.count(verify);
      return again.map((report, i) => {
        const ledger_drift = report.ledger_drift === first[i]?.ledger_drift ? report.ledger_drift : 0;
        return { ...report, ledger_drift, balanced: report.balanced && ledger_drift === 0 };
      });
    },
  };
}

/** The ports that a count reads. Without a stream that counts rows, decoded rows replace its intake. */
export interface CountedPorts {
  ledger: Ledger;
  objects: ObjectStore;
  stream?: Pick<Stream, "intake">;
}

function counterOnce({ ledger, objects, stream }: CountedPorts): FlowCounter {
  const receipts = new Map<string, ReceiptCount>();
  const delivered = new Set<string>();
  let since = 0;
  return {
    async count(verify = false) {
      // The ledger is read before the receipts. A body that arrives in between is then pending in this count, not missing
      let put: Intake | null = null;
      const totals = await ledger.totals({
        since,
        verify,
        within: async (snapshot) => void (put = (await stream?.intake?.(snapshot)) ?? null),
      });
      since = totals.stored_at - COMMIT_MARGIN_S;
      for (const id of totals.ingestions) delivered.add(id);
      await readReceipts(objects, receipts);
      const decoded = { received: totals.flows.stream.received, pending: 0, oldest_pending: null };
      return [
        report("request", totals, { intake: requestIntake(receipts.values(), delivered), pending_known: true }),
        report("stream", totals, { intake: put ?? decoded, pending_known: put !== null }),
      ];
    },
  };
}

function requestIntake(receipts: Iterable<ReceiptCount>, delivered: ReadonlySet<string>): Intake {
  const intake: Intake = { received: 0, pending: 0, oldest_pending: null };
  for (const { id, rows, written_at } of receipts) {
    intake.received += rows;
    if (rows === 0 || delivered.has(id)) continue;
    intake.pending += rows;
    intake.oldest_pending = Math.min(intake.oldest_pending ?? written_at, written_at);
  }
  return intake;
}

/** The facts of a receipt that a count needs. */
interface ReceiptCount {
  id: string;
  rows: number;
  /** Unix seconds: modification of the receipt object. `received_at` is older if the receipt is of a replayed row. */
  written_at: number;
}

const READS_AT_ONCE = 32;

async function readReceipts(objects: ObjectStore, into: Map<string, ReceiptCount>): Promise<void> {
  const unread: { id: string; modified: number }[] = [];
  for await (const { key, modified } of objects.list(PREFIXES.raw)) {
    const id = receiptId(key);
    if (id !== null && !into.has(id)) unread.push({ id, modified });
  }
  await inParallel(unread, READS_AT_ONCE, async ({ id, modified }) => {
    const receipt = await readReceipt(objects, id);
    if (receipt !== null) into.set(id, { id, rows: receipt.rows, written_at: modified });
  });
}

function report(
  flow: Flow,
  { flows, others = [], stored_at }: Totals,
  { intake, pending_known }: { intake: Intake; pending_known: boolean },
): FlowReport {
  const { accepted, duplicate, rejected, repeats, expired, stored, reasons, unbalanced } = flows[flow];
  const missing = intake.received - accepted - duplicate - rejected - intake.pending;
  const surplus = stored === null ? null : stored - accepted + expired;
  return {
    flow,
    received: intake.received,
    accepted,
    duplicate,
    rejected,
    pending: intake.pending,
    oldest_pending: intake.oldest_pending,
    pending_known,
    repeats,
    expired,
    stored,
    balanced: missing === 0 && (surplus ?? 0) === 0 && unbalanced.length === 0,
    missing,
    surplus,
    reasons,
    unbalanced,
    stored_at,
    others: others.map((totals) => totals[flow]),
    ledger_drift: others.map((totals) => flows[flow].received - totals[flow].received).find((rows) => rows !== 0) ?? 0,
  };
}
