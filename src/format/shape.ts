import type { RawRow } from "../flight/fill.ts";
import { readsbNow, readsbRow } from "./readsb.ts";

/** The rows in a JSON value, and the source that follows from its shape. `map` converts an element to a raw row. */
export type Shape =
  | { elements: readonly unknown[]; source: string; isOneRow: boolean; map?: (element: unknown) => RawRow | null }
  | { wrong: string };

/** A member of a response has the wrong type, so the whole document cannot be decoded. */
export class WrongShapeError extends Error {
  override name = "WrongShapeError";
}

const OPENSKY = "opensky";

/** Detects the shape of a value: a row, a list of rows, or a response of OpenSky, readsb or adsb.lol. */
export function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) {
    // A list whose first element is neither a list nor an object is a row in OpenSky's order
    const isOneRow = value.length > 0 && (typeof value[0] !== "object" || value[0] === null);
    return { elements: isOneRow ? [value] : value, source: OPENSKY, isOneRow };
  }
  const member = memberOf(value);
  if (member === undefined) return { elements: [value], source: OPENSKY, isOneRow: true };
  return responseShape(value as RawRow, member);
}

function memberOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Object.hasOwn(value, "icao24")) return undefined;
  return ["states", "aircraft", "ac"].find((name) => Object.hasOwn(value, name));
}

function responseShape(response: RawRow, member: string): Shape {
  const elements = response[member] ?? [];
  if (!Array.isArray(elements)) return { wrong: `${member} is neither a list nor null` };
  if (member === "states") return { elements, source: OPENSKY, isOneRow: false };
  const now = readsbNow(response["now"]);
  if (now === null) return { wrong: "now is missing or not a number" };
  return {
    elements,
    source: member === "ac" ? "adsblol" : "readsb",
    isOneRow: false,
    map: (element) => (isObject(element) ? readsbRow(element, now) : null),
  };
}

const isObject = (element: unknown): element is RawRow =>
  typeof element === "object" && element !== null && !Array.isArray(element);
