import type { ObjectStore } from "../../src/flow/ports.ts";
import { readRejected, type RejectedRow } from "../../src/flow/request/rejected.ts";

/** The rows of all rejected objects under a prefix, in the order of keys. */
export async function quarantined(objects: ObjectStore, prefix = "rejected/"): Promise<RejectedRow[]> {
  const rows: RejectedRow[] = [];
  for await (const { key } of objects.list(prefix))
    for await (const row of readRejected((await objects.get(key)) ?? Buffer.alloc(0))) rows.push(row);
  return rows;
}
