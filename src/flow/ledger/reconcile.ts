import { setTimeout as sleep } from "node:timers/promises";
import { inParallel } from "../../in-parallel.ts";
import { readReceipt } from "../request/ingest.ts";
import { PREFIXES, receiptId } from "../objects/keys.ts";
import type { Flow, FlowTotals, Intake, Ledger, ObjectStore, Stream, Totals } from "../ports.ts";

/** Both equations of a flow, counted at the door and at the store. */
export interface FlowReport {
  flow: Flow;
  /** Rows, as the door counted them. */
  received: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Rows that the door took and no delivery holds yet; counted, never subtracted. */
  pending: number;
  /** Unix seconds at which the oldest pending row came to the door; null when none is pending. */
  oldest_pending: number | null;
  /** The door counts what it takes and what waits; where not, what was decoded stands for it, and nothing is pending. */
  pending_known: boolean;
  repeats: number;
  expired: number;
  /** Rows in the tables; null where the database does not count them. */
  stored: number | null;
  balanced: boolean;
  /** received - accepted - duplicate - rejected - pending: rows missing at the store (or too many, negative). */
  missing: number;
  /** stored - accepted + expired; null as `stored` is. */
  surplus: number | null;
  reasons: Record<string, number>;
  /** Batches whose tables differ from the ledger; some of them. */
  unbalanced: FlowTotals["unbalanced"];
  /** Unix seconds of the count. */
  stored_at: number;
  /** What the databases behind the first say. */
  others: FlowTotals[];
  /** Rows in the first database's ledger and not in another's, or, negative, the other way; seen twice, so none under way. */
  ledger_drift: number;
}

/** Counts both flows again and again; what never changes, door records and deliveries, is read once. */
export interface FlowCounter {
  /** `verify` counts the tables also where that reads all of them. */
  count(verify?: boolean): Promise<FlowReport[]>;
}

/** A transaction may commit this long after it took its time. */
const COMMIT_MARGIN_S = 600;
/** A batch comes to the second database a moment after the first. */
const AGAIN_MS = 2_000;

/** Counts once more where another database differs: what differs by the same twice is no batch under way. */
export function flowCounter(ports: CountedPorts): FlowCounter {
  const counter = counterOnce(ports);
  return {
    async count(verify) {
      const first = await counter.count(verify);
      if (first.every(({ ledger_drift }) => ledger_drift === 0)) return first;
      await sleep(AGAIN_MS);
      const again = await counter.count(verify);
      return again.map((report, i) => {
        const ledger_drift = report.ledger_drift === first[i]?.ledger_drift ? report.ledger_drift : 0;
        return { ...report, ledger_drift, balanced: report.balanced && ledger_drift === 0 };
      });
    },
  };
}

/** What a count reads. Without `stream`, and for a stream that does not count rows, decoded rows stand in for its intake. */
export interface CountedPorts {
  ledger: Ledger;
  objects: ObjectStore;
  stream?: Pick<Stream, "intake">;
}

function counterOnce({ ledger, objects, stream }: CountedPorts): FlowCounter {
  const receipts = new Map<string, Counted>();
  const delivered = new Set<string>();
  let since = 0;
  return {
    async count(verify = false) {
      // the ledger first: what passes the door after its snapshot is pending in this count
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

function requestIntake(receipts: Iterable<Counted>, delivered: ReadonlySet<string>): Intake {
  const intake: Intake = { received: 0, pending: 0, oldest_pending: null };
  for (const { id, rows, came_at } of receipts) {
    intake.received += rows;
    if (rows === 0 || delivered.has(id)) continue;
    intake.pending += rows;
    intake.oldest_pending = Math.min(intake.oldest_pending ?? came_at, came_at);
  }
  return intake;
}

/** What counting keeps of a door record. It came when it was written: what is replayed keeps its first arrival. */
interface Counted {
  id: string;
  rows: number;
  came_at: number;
}

const READS_AT_ONCE = 32;

async function readReceipts(objects: ObjectStore, into: Map<string, Counted>): Promise<void> {
  const unread: { id: string; modified: number }[] = [];
  for await (const { key, modified } of objects.list(PREFIXES.raw)) {
    const id = receiptId(key);
    if (id !== null && !into.has(id)) unread.push({ id, modified });
  }
  await inParallel(unread, READS_AT_ONCE, async ({ id, modified }) => {
    const receipt = await readReceipt(objects, id);
    if (receipt !== null) into.set(id, { id, rows: receipt.rows, came_at: modified });
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
    others: others.map((one) => one[flow]),
    ledger_drift: others.map((one) => flows[flow].received - one[flow].received).find((rows) => rows !== 0) ?? 0,
  };
}
