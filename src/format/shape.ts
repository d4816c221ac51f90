import type { Origin, RawRow } from "../flight/fill.ts";
import { addOrReject, type BodyOrigin, type Decoded } from "./decoded.ts";
import { readsbNow, readsbRow } from "./readsb.ts";

/**
 * What a parsed JSON value of a body or a line means in rows. `Error` texts name the member that is not of its shape.
 * `place` is the line for a line, undefined for a document, whose elements count from 1.
 */
export function addValue(into: Decoded, value: unknown, origin: BodyOrigin, line?: { place: number; raw: string }): void {
  const opensky = { ...origin, source: origin.source ?? "opensky" };
  if (Array.isArray(value)) {
    if (isOneRow(value)) addOrReject(into, value, opensky, line ?? { place: 1 });
    else addElements(into, value, opensky, line);
    return;
  }
  const response = responseOf(value, origin);
  if (response === undefined) addOrReject(into, value, opensky, line ?? { place: 1 });
  else if ("wrong" in response) addWrong(into, response.wrong, { opensky, line });
  else addElements(into, response.elements, response.origin, line, response.map);
}

/** A member of a response that is not of its shape: the whole document, or one rejected line. */
export class WrongShapeError extends Error {
  override name = "WrongShapeError";
}

function addWrong(
  into: Decoded,
  wrong: string,
  at: { opensky: Origin; line: { place: number; raw: string } | undefined },
): void {
  if (at.line === undefined) throw new WrongShapeError(wrong);
  addOrReject(into, null, at.opensky, at.line);
}

/** A list whose first element is neither list nor object is itself a row, in OpenSky's order. */
const isOneRow = (list: readonly unknown[]): boolean => list.length > 0 && (typeof list[0] !== "object" || list[0] === null);

type Response =
  | { wrong: string }
  | { elements: readonly unknown[]; origin: Origin; map?: (element: unknown) => unknown };

function responseOf(value: unknown, origin: BodyOrigin): Response | undefined {
  if (typeof value !== "object" || value === null || Object.hasOwn(value, "icao24")) return undefined;
  const row = value as RawRow;
  const member = ["states", "aircraft", "ac"].find((name) => Object.hasOwn(row, name));
  if (member === undefined) return undefined;
  const elements = row[member] ?? [];
  if (!Array.isArray(elements)) return { wrong: `${member} is neither a list nor null` };
  if (member === "states") return { elements, origin: { ...origin, source: origin.source ?? "opensky" } };
  const now = readsbNow(row["now"]);
  if (now === null) return { wrong: "now is missing or no number" };
  return {
    elements,
    origin: { ...origin, source: origin.source ?? (member === "ac" ? "adsblol" : "readsb") },
    map: (element) => (typeof element === "object" && element !== null && !Array.isArray(element) ? readsbRow(element as RawRow, now) : null),
  };
}

function addElements(
  into: Decoded,
  elements: readonly unknown[],
  origin: Origin,
  line: { place: number } | undefined,
  map?: (element: unknown) => unknown,
): void {
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i];
    const row = map === undefined ? element : map(element);
    addOrReject(into, row, origin, { place: line?.place ?? i + 1, raw: row ?? element });
  }
}
