import type { ObjectStore } from "../ports.ts";
import { PREFIXES, RAW_BODY_SUFFIX } from "./keys.ts";

/** Objects of one kind. */
export interface ObjectKind {
  prefix: string;
  suffix: string;
}

/** Bodies as they were received. Their door records stay: they are counted for ever. */
export const rawBodies: ObjectKind = { prefix: PREFIXES.raw, suffix: RAW_BODY_SUFFIX };

/** Removes the objects of a kind that were written before `limit` (Unix seconds). */
export async function removeObjects(
  objects: ObjectStore,
  { prefix, suffix }: ObjectKind,
  limit: number,
): Promise<void> {
  for await (const { key, modified } of objects.list(prefix))
    if (modified < limit && key.endsWith(suffix)) await objects.delete(key);
}
