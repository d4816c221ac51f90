import { rowsOfDelivery } from "../../flight/batch-rows.ts";
import { sumOfCounts } from "../../flight/rejection.ts";
import { FLOWS, flowOf } from "../objects/ids.ts";
import { manifestKey, manifestsPrefix } from "../objects/keys.ts";
import type {
  Applied,
  BatchWrite,
  DatabasePorts,
  Delivery,
  DeliveryRef,
  Ledger,
  LedgerRow,
  ObjectStore,
} from "../ports.ts";
import { addTotals, noTotals } from "./totals.ts";

/**
 * The ports of a deployment without a database. Rows are in the lake only. A manifest is an object with the counts of one
 * delivery, and all manifests together are the ledger. A delivery is applied exactly once, because the second attempt to
 * write its manifest finds the first one.
 *
 * A manifest counts the duplicates within its delivery. Duplicates between deliveries are removed when the lake is
 * compacted, and no manifest counts them.
 */
export function manifests(objects: ObjectStore): DatabasePorts {
  const read = manifestReader(objects);
  const find = async ({ id, received_at }: DeliveryRef): Promise<LedgerRow | null> =>
    read(manifestKey(flowOf(id), id, received_at));
  return {
    sink: {
      apply: (write) => applyEach(write, objects),
      async delivered(deliveries) {
        const applied = await Promise.all(
          deliveries.map(async (delivery) => ((await find(delivery)) === null ? [] : [delivery.id])),
        );
        return new Set(applied.flat());
      },
      async ping() {
        await objects.get(manifestKey("request", "none", 0));
      },
    },
    ledger: manifestLedger(find, () => allManifests(objects, read)),
    reader: null,
  };
}

type ReadManifest = (key: string) => Promise<LedgerRow | null>;

/** Reads manifests and keeps them in memory. Invariant: a manifest never changes. */
function manifestReader(objects: ObjectStore): ReadManifest {
  const known = new Map<string, LedgerRow>();
  return async (key) => {
    const cached = known.get(key);
    if (cached !== undefined) return cached;
    const body = await objects.get(key);
    if (body === null) return null;
    const row = JSON.parse(Buffer.from(body).toString("utf8")) as LedgerRow;
    known.set(key, row);
    return row;
  };
}

async function* allManifests(objects: ObjectStore, read: ReadManifest): AsyncGenerator<LedgerRow> {
  for (const flow of FLOWS)
    for await (const { key } of objects.list(manifestsPrefix(flow))) {
      const row = await read(key);
      if (row !== null) yield row;
    }
}

const manifestLedger = (find: Ledger["batch"], all: () => AsyncIterable<LedgerRow>): Ledger => ({
  batch: find,
  async totals() {
    const stored_at = Date.now() / 1000;
    const flows = { request: noTotals(), stream: noTotals() };
    const ingestions: string[] = [];
    for await (const row of all()) {
      addTotals(flows[row.flow], row);
      if (row.flow === "request") ingestions.push(row.batch_id);
    }
    return { flows, stored_at, ingestions };
  },
  async past(at) {
    const flows = { request: noTotals(), stream: noTotals() };
    for await (const row of all()) if (row.applied_at <= at) addTotals(flows[row.flow], row);
    return flows;
  },
  expire: async () => 0,
});

async function applyEach(write: BatchWrite, objects: ObjectStore): Promise<Applied> {
  const total: Applied = { received: 0, accepted: 0, duplicate: 0, rejected: 0, repeats: 0 };
  for (const [i, delivery] of write.deliveries.entries()) {
    const row = ledgerRow(write, delivery, i);
    const body = Buffer.from(JSON.stringify(row));
    if ((await objects.put(manifestKey(row.flow, delivery.id, delivery.received_at), body)) === "exists") {
      total.repeats += row.received;
      continue;
    }
    total.received += row.received;
    total.accepted += row.accepted;
    total.duplicate += row.duplicate;
    total.rejected += row.received - row.accepted - row.duplicate;
  }
  return total;
}

function ledgerRow({ flow, contract, batch }: BatchWrite, delivery: Delivery, index: number): LedgerRow {
  const accepted = rowsOfDelivery(batch, index).rows;
  const rejected = sumOfCounts(delivery.rejected);
  return {
    batch_id: delivery.id,
    flow,
    contract,
    received: delivery.rows,
    accepted,
    duplicate: delivery.rows - rejected - accepted,
    rejected: { ...delivery.rejected },
    repeats: 0,
    expired: 0,
    applied_at: Math.floor(Date.now() / 1000),
  };
}
