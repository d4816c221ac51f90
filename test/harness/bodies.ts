import { simulator } from "../../src/source/simulation/simulator.ts";

/** Responses of a simulated OpenSky, ten simulated seconds apart. They contain dirty rows. */
export async function simulatedBodies(count: number, { seed = 7, aircraft = 200 } = {}): Promise<Uint8Array[]> {
  const stop = new AbortController();
  const bodies: Uint8Array[] = [];
  for await (const { body } of simulator({ seed, aircraft, interval_s: 0 }).polls(stop.signal)) {
    bodies.push(body);
    if (bodies.length === count) stop.abort();
  }
  return bodies;
}

/** A row that passes every rule. `members` replace its members. */
export const goodRow = (members: Record<string, unknown> = {}): Record<string, unknown> => ({
  icao24: "3c6444",
  callsign: "DLH9LF",
  origin_country: "Germany",
  time_position: 1_700_000_000,
  last_contact: 1_700_000_001,
  longitude: 8.57,
  latitude: 50.03,
  baro_altitude: 3000,
  on_ground: false,
  velocity: 120.5,
  true_track: 90,
  vertical_rate: 0,
  geo_altitude: 3050,
  squawk: "1000",
  spi: false,
  position_source: 0,
  category: 4,
  ...members,
});

export const crowdAddress = (i: number): string => (0xa00000 + i).toString(16);

/** Good rows of aircraft around the world. */
export const crowd = (count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, i) =>
    goodRow({
      icao24: crowdAddress(i),
      callsign: `C${i}`,
      longitude: (i % 360) - 179.5,
      latitude: (i % 120) - 59.5,
      velocity: i % 300,
    }),
  );
