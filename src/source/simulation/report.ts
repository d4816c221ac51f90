/**
 * One observer's report of one aircraft. SI units; times in Unix s with fractions. An observer reuses one object for
 * all rows.
 */
export interface Report {
  icao24: string;
  /** Padded with blanks to 8 characters, as transponders send it. */
  callsign: string;
  origin_country: string;
  time_position: number | null;
  last_contact: number | null;
  longitude: number | null;
  latitude: number | null;
  baro_altitude: number | null;
  on_ground: boolean;
  velocity: number;
  true_track: number;
  vertical_rate: number | null;
  geo_altitude: number | null;
  squawk: string | null;
  spi: boolean;
  position_source: number;
  category: number;
}

export function newReport(): Report {
  return {
    icao24: "",
    callsign: "",
    origin_country: "",
    time_position: 0,
    last_contact: 0,
    longitude: 0,
    latitude: 0,
    baro_altitude: 0,
    on_ground: false,
    velocity: 0,
    true_track: 0,
    vertical_rate: 0,
    geo_altitude: 0,
    squawk: null,
    spi: false,
    position_source: 0,
    category: 0,
  };
}
