import { openskyOrder } from "../flight/contract.ts";
import type { RejectedSample } from "../flow/api/read-routes.ts";
import type { ClaimedSample } from "./wire.ts";

/** Reads an address and a position out of a rejected row, whatever else is wrong with it. */
export function claimOf(sample: RejectedSample): ClaimedSample {
  const row = objectOf(sample.row);
  const [longitude, latitude] = [degrees(row["longitude"], 180), degrees(row["latitude"], 90)];
  const icao24 = typeof row["icao24"] === "string" ? row["icao24"].trim().toLowerCase() : null;
  const isPlace = longitude !== null && latitude !== null;
  return { ...sample, icao24, longitude: isPlace ? longitude : null, latitude: isPlace ? latitude : null };
}

/** A row that is neither an object nor OpenSky's array claims nothing. */
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

function degrees(value: unknown, most: number): number | null {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof found === "number" && Math.abs(found) <= most ? found : null;
}
