import { sumOfCounts } from "../../flight/rejection.ts";
import { NotAnsweredError } from "../errors.ts";
import { manifestKey } from "../objects/keys.ts";
import { addTotals, noTotals, rowsOfDelivery } from "./ledger.ts";
import type { Applied, Application, Database, Delivery, DeliveryName, LedgerRow, ObjectStore } from "../ports.ts";

const FLOWS = ["request", "stream"] as const;

/**
 * The `Database` port where there is none: files alone, and one manifest per delivery with its counts. It finds duplicates
 * within a delivery; those between deliveries go when the lake is compacted, and nothing here counts them.
 */
export function manifests(objects: ObjectStore): Database {
  const read = new Map<string, LedgerRow>();
  const manifest = async (key: string): Promise<LedgerRow | null> => {
    const known = read.get(key);
    if (known !== undefined) return known;
    const body = await objects.get(key);
    if (body === null) return null;
    const row = JSON.parse(Buffer.from(body).toString("utf8")) as LedgerRow;
    read.set(key, row);
    return row;
  };
  const find = async ({ id, received_at }: DeliveryName): Promise<LedgerRow | null> =>
    manifest(manifestKey(id.startsWith("r") ? "request" : "stream", id, received_at));
  const all = async function* (): AsyncGenerator<LedgerRow> {
    for (const flow of FLOWS)
      for await (const { key } of objects.list(`manifests/flow=${flow}/`)) {
        const row = await manifest(key);
        if (row !== null) yield row;
      }
  };
  return {
    apply: (application) => applyEach(application, objects),
    batch: find,
    async delivered(of) {
      const found = await Promise.all(of.map(async (one) => ((await find(one)) === null ? [] : [one.id])));
      return new Set(found.flat());
    },
    aircraft: notAnswered,
    states: notAnswered,
    async totals() {
      const stored_at = Date.now() / 1000;
      const flows = { request: noTotals(), stream: noTotals() };
      const ingestions: string[] = [];
      for await (const row of all()) {
        addTotals(flows[row.flow], row);
        if (row.flow === "request") ingestions.push(row.batch_id);
      }
      return { flows, stored_at, stream_door: null, ingestions };
    },
    async past(at) {
      const flows = { request: noTotals(), stream: noTotals() };
      for await (const row of all()) if (row.applied_at <= at) addTotals(flows[row.flow], row);
      return flows;
    },
    expire: async () => 0,
    async ping() {
      await objects.get("manifests/none.json");
    },
  };
}

function notAnswered(): Promise<never> {
  return Promise.reject(new NotAnsweredError("no database is kept here; the lake's files answer this"));
}

async function applyEach(application: Application, objects: ObjectStore): Promise<Applied> {
  const total: Applied = { received: 0, accepted: 0, duplicate: 0, rejected: 0, repeats: 0 };
  for (const [i, delivery] of application.deliveries.entries()) {
    const row = ledgerRow(application, delivery, i);
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

function ledgerRow({ flow, contract, batch }: Application, delivery: Delivery, index: number): LedgerRow {
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
