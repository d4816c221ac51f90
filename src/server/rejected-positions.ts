import { openskyOrder } from "../flight/contract.ts";
import type { RejectedSample } from "../flow/api/read-routes.ts";
import type { RejectedPosition } from "./wire.ts";

/** Reads address and position from a rejected row, also if its other fields are invalid. */
export function rejectedPosition(sample: RejectedSample): RejectedPosition {
  const row = objectOf(sample.row);
  const [longitude, latitude] = [degrees(row["longitude"], 180), degrees(row["latitude"], 90)];
  const icao24 = typeof row["icao24"] === "string" ? row["icao24"].trim().toLowerCase() : null;
  const hasPosition = longitude !== null && latitude !== null;
  return { ...sample, icao24, longitude: hasPosition ? longitude : null, latitude: hasPosition ? latitude : null };
}

/** The fields of an object or of OpenSky's array. Any other text has no fields. */
function objectOf(text: string | undefined): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    return {};
  }
  if (!Array.isArray(value)) return typeof value === "object" && value !== null ? { ...value } : {};
  return Object.fromEntries(openskyOrder.flatMap((name, i) => (name === null ? [] : [[name, value[i] as unknown]])));
}

/** A number, or text of a number, between -max and max. Null for any other value. */
function degrees(value: unknown, max: number): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Math.abs(number) <= max ? number : null;
}
