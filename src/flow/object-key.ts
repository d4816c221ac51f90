import { BadKeyError } from "./errors.ts";

const SEGMENT = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/;
const LONGEST_KEY = 1_024;
const LONGEST_SEGMENT = 255;

/** Throws `BadKeyError` for anything that could leave the folder or that another store could not hold. */
export function checkKey(key: string): string {
  const segments = key.split("/");
  if (key.length > LONGEST_KEY || !segments.every((part) => SEGMENT.test(part) && part.length <= LONGEST_SEGMENT))
    throw new BadKeyError(`not an object key: ${JSON.stringify(key.slice(0, 100))}`);
  return key;
}
