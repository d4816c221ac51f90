import { setTimeout as sleep } from "node:timers/promises";
import { inParallel } from "../../in-parallel.ts";
import { readDoor } from "../request/ingest.ts";
import { doorId } from "../objects/keys.ts";
import type { Database, Door, Flow, FlowTotals, ObjectStore, Totals } from "../ports.ts";

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
export function flowCounter(of: { database: Database; objects: ObjectStore }): FlowCounter {
  const counter = counterOnce(of);
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

function counterOnce({ database, objects }: { database: Database; objects: ObjectStore }): FlowCounter {
  const doors = new Map<string, Counted>();
  const delivered = new Set<string>();
  let since = 0;
  return {
    async count(verify = false) {
      // the ledger first: what passes the door after its snapshot is pending in this count
      const totals = await database.totals({ since, verify });
      since = totals.stored_at - COMMIT_MARGIN_S;
      for (const id of totals.ingestions) delivered.add(id);
      await readDoors(objects, doors);
      const { flows } = totals;
      const request = requestDoor(doors.values(), delivered);
      const stream = totals.stream_door ?? { received: decodedRows(flows.stream), pending: 0, oldest_pending: null };
      return [report("request", totals, request), report("stream", totals, stream)];
    },
  };
}

function requestDoor(doors: Iterable<Counted>, delivered: ReadonlySet<string>): Door {
  const door: Door = { received: 0, pending: 0, oldest_pending: null };
  for (const { id, rows, came_at } of doors) {
    door.received += rows;
    if (rows === 0 || delivered.has(id)) continue;
    door.pending += rows;
    door.oldest_pending = Math.min(door.oldest_pending ?? came_at, came_at);
  }
  return door;
}

/** Where the stream keeps no count of what was put, what was decoded stands for it. */
const decodedRows = ({ received }: FlowTotals): number => received;

/** What counting keeps of a door record. It came when it was written: what is replayed keeps its first arrival. */
interface Counted {
  id: string;
  rows: number;
  came_at: number;
}

const READS_AT_ONCE = 32;

async function readDoors(objects: ObjectStore, into: Map<string, Counted>): Promise<void> {
  const unread: { id: string; modified: number }[] = [];
  for await (const { key, modified } of objects.list("raw/")) {
    const id = doorId(key);
    if (id !== null && !into.has(id)) unread.push({ id, modified });
  }
  await inParallel(unread, READS_AT_ONCE, async ({ id, modified }) => {
    const door = await readDoor(objects, id);
    if (door !== null) into.set(id, { id, rows: door.rows, came_at: modified });
  });
}

function report(flow: Flow, { flows, others = [], stored_at, stream_door }: Totals, door: Door): FlowReport {
  const { accepted, duplicate, rejected, repeats, expired, stored, reasons, unbalanced } = flows[flow];
  const missing = door.received - accepted - duplicate - rejected - door.pending;
  const surplus = stored === null ? null : stored - accepted + expired;
  return {
    flow,
    received: door.received,
    accepted,
    duplicate,
    rejected,
    pending: door.pending,
    oldest_pending: door.oldest_pending,
    pending_known: flow === "request" || stream_door !== null,
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
