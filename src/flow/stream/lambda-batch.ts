import { applyRecords, byArrival, microBatch, type SinkPorts } from "./micro-batch.ts";
import type { Applied, StreamRecord } from "../ports.ts";

export interface AppliedInOrder {
  applied: Applied[];
  /** The first record, in arrival order, that the sinks did not take, and why; all after it were not tried. */
  failed?: { record: StreamRecord; error: unknown };
}

/** Applies the records of one shard in arrival order, batch by batch, up to the first failure of a sink. */
export async function applyInOrder(
  records: readonly StreamRecord[],
  ports: SinkPorts & { stream: string; source: string },
): Promise<AppliedInOrder> {
  const applied: Applied[] = [];
  let left = [...records].sort(byArrival);
  for (let [record] = left; record !== undefined; [record] = left) {
    try {
      const micro = microBatch(left, ports);
      applied.push(await applyRecords(micro, ports));
      left = left.slice(micro.records.length);
    } catch (error) {
      return { applied, failed: { record, error } };
    }
  }
  return { applied };
}
