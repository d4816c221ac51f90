import table from "./airports.json" with { type: "json" };

/** A large airport with scheduled flights, from OurAirports (public domain). `airports.test.ts` generates the table. */
export interface Airport {
  /** ICAO code */
  icao: string;
  name: string;
  /** ISO 3166, two letters */
  country: string;
  /** deg */
  latitude: number;
  /** deg */
  longitude: number;
  /** m above mean sea level */
  elevation: number;
}

export const airports: readonly Airport[] = table.map((row) => {
  const [icao, name, country, latitude, longitude, elevation] = row as [string, string, string, number, number, number];
  return { icao, name, country, latitude, longitude, elevation };
});

/** Throws `RangeError` for a code that is not in the table. */
export function airportOf(icao: string): Airport {
  const airport = airports.find((candidate) => candidate.icao === icao);
  if (airport === undefined)
    throw new RangeError(`airport: ${icao} is not one of the ${airports.length} in airports.json`);
  return airport;
}
