import type { ObjectStore } from "../ports.ts";
import { PREFIXES, RAW_BODY_SUFFIX } from "./keys.ts";

/** The objects of one kind, by their keys. */
export interface ObjectKind {
  prefix: string;
  suffix: string;
}

/** Bodies as they were received. Their receipts are never removed, because reconciliation counts them. */
export const rawBodies: ObjectKind = { prefix: PREFIXES.raw, suffix: RAW_BODY_SUFFIX };

/**
 * Retention removes rows and objects some days after they arrived, so that stores do not grow without limit. This removes
 * the objects of a kind that were written before `limit` (Unix seconds).
 */
export async function removeObjects(
  objects: ObjectStore,
  { prefix, suffix }: ObjectKind,
  limit: number,
): Promise<void> {
  for await (const { key, modified } of objects.list(prefix))
    if (modified < limit && key.endsWith(suffix)) await objects.delete(key);
}
