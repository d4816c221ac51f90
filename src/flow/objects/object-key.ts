import { BadKeyError } from "../errors.ts";

const SEGMENT = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/;
const MAX_KEY = 1_024;
const MAX_SEGMENT = 255;

/** Whether a name is one that a store of ours puts. */
export function isKey(key: string): boolean {
  return key.length <= MAX_KEY && key.split("/").every((part) => SEGMENT.test(part) && part.length <= MAX_SEGMENT);
}

/** Throws `BadKeyError` for anything that could leave the folder or that another store could not hold. */
export function checkKey(key: string): string {
  if (!isKey(key)) throw new BadKeyError(`not an object key: ${JSON.stringify(key.slice(0, 100))}`);
  return key;
}
