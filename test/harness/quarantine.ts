import type { ObjectStore } from "../../src/flow/ports.ts";
import { readRejected, type RejectedRow } from "../../src/flow/request/rejected.ts";

/** All rows of the rejected objects below a prefix, object by object. */
export async function quarantined(objects: ObjectStore, prefix = "rejected/"): Promise<RejectedRow[]> {
  const rows: RejectedRow[] = [];
  for await (const { key } of objects.list(prefix))
    for await (const row of readRejected((await objects.get(key)) ?? Buffer.alloc(0))) rows.push(row);
  return rows;
}
