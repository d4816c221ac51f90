import { z } from "zod";

/** A value that the schema does not accept becomes null. */
const soft = <T extends z.ZodType>(type: T) => type.nullable().catch(null);

/** The fast way to use zod: a flat schema of types. `finish` applies the remaining rules by hand. */
const lean = z.object({
  icao24: z.string(),
  callsign: soft(z.string()),
  origin_country: soft(z.string()),
  time_position: soft(z.number()),
  last_contact: z.number(),
  longitude: soft(z.number()),
  latitude: soft(z.number()),
  baro_altitude: soft(z.number()),
  on_ground: soft(z.boolean()),
  velocity: soft(z.number()),
  true_track: soft(z.number()),
  vertical_rate: soft(z.number()),
  geo_altitude: soft(z.number()),
  squawk: soft(z.string()),
  spi: soft(z.boolean()),
  position_source: soft(z.number()),
  category: soft(z.number()).optional(),
});
type Lean = z.infer<typeof lean>;

/** The usual way to use zod: a schema that states every rule that zod can express. */
const natural = z
  .object({
    icao24: z
      .string()
      .trim()
      .toLowerCase()
      .regex(/^~?[0-9a-f]{6}$/),
    callsign: z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^[A-Z0-9]{0,8}$/)
      .nullable()
      .catch(null),
    origin_country: z.string().trim().max(64).nullable().catch(null),
    time_position: z.number().int().min(1_000_000_000).nullable().catch(null),
    last_contact: z.number().int().min(1_000_000_000).max(100_000_000_000),
    longitude: z.number().min(-180).max(180).nullable().catch(null),
    latitude: z.number().gt(-90).lt(90).nullable().catch(null),
    baro_altitude: z.number().min(-500).max(25_000).nullable().catch(null),
    on_ground: z
      .boolean()
      .nullable()
      .catch(null)
      .transform((on) => on ?? false),
    velocity: z.number().min(0).max(1_029).nullable().catch(null),
    true_track: z
      .number()
      .nullable()
      .catch(null)
      .transform((track) => (track === null ? null : ((track % 360) + 360) % 360)),
    vertical_rate: z.number().min(-50.8).max(50.8).nullable().catch(null),
    geo_altitude: z.number().min(-500).max(25_000).nullable().catch(null),
    squawk: z
      .string()
      .regex(/^[0-7]{4}$/)
      .nullable()
      .catch(null),
    spi: z
      .boolean()
      .nullable()
      .catch(null)
      .transform((on) => on ?? false),
    position_source: z.number().int().min(0).max(15).nullable().catch(null),
    category: z.number().int().min(0).max(20).nullable().catch(null).optional(),
  })
  .transform((row) => ({ ...row, flags: flagsOf(row) }));

const flagsOf = (row: {
  squawk: string | null;
  velocity: number | null;
  last_contact: number;
  time_position: number | null;
  on_ground: boolean | null;
  baro_altitude: number | null;
  geo_altitude: number | null;
}): string => {
  const flags: string[] = [];
  const { baro_altitude: baro, geo_altitude: geo } = row;
  if (baro !== null && geo !== null && Math.abs(baro - geo) > 1_500) flags.push("altitudes_differ");
  if (row.squawk === "7500" || row.squawk === "7600" || row.squawk === "7700") flags.push("emergency");
  if (row.velocity !== null && row.velocity > 340) flags.push("fast");
  if (row.on_ground === true && ((row.velocity ?? 0) > 103 || (baro ?? 0) > 3_000)) flags.push("ground_suspect");
  if (row.time_position !== null && row.last_contact - row.time_position > 15) flags.push("stale_position");
  return flags.join(",");
};

const ADDRESS = /^~?[0-9a-f]{6}$/;
const CALLSIGN = /^[A-Z0-9]{1,8}$/;
const SQUAWK = /^[0-7]{4}$/;
const inRange = (value: number | null, low: number, high: number): number | null =>
  value !== null && value >= low && value <= high ? value : null;

/** Applies the remaining rules to the row itself. Null for a row that the rules reject. */
function finish(row: Lean): (Lean & { flags: string }) | null {
  row.icao24 = row.icao24.trim().toLowerCase();
  if (!ADDRESS.test(row.icao24)) return null;
  if (!(row.last_contact >= 1_000_000_000 && row.last_contact < 100_000_000_000)) return null;
  const callsign = row.callsign?.trim().toUpperCase() ?? null;
  row.callsign = callsign !== null && CALLSIGN.test(callsign) ? callsign : null;
  if (row.origin_country !== null && row.origin_country.length > 64) row.origin_country = null;
  if (
    row.longitude === null ||
    row.latitude === null ||
    Math.abs(row.latitude) >= 90 ||
    Math.abs(row.longitude) > 180
  ) {
    row.longitude = row.latitude = row.time_position = null;
  }
  row.baro_altitude = inRange(row.baro_altitude, -500, 25_000);
  row.geo_altitude = inRange(row.geo_altitude, -500, 25_000);
  if (
    row.baro_altitude !== null &&
    row.baro_altitude > 15_293 &&
    !(row.geo_altitude !== null && Math.abs(row.baro_altitude - row.geo_altitude) <= 1_500)
  )
    row.baro_altitude = null;
  row.velocity = inRange(row.velocity, 0, 1_029);
  row.vertical_rate = inRange(row.vertical_rate, -50.8, 50.8);
  if (row.true_track !== null) row.true_track = ((row.true_track % 360) + 360) % 360;
  if (row.squawk !== null && !SQUAWK.test(row.squawk)) row.squawk = null;
  row.on_ground ??= false;
  row.spi ??= false;
  return Object.assign(row, { flags: flagsOf(row) });
}

/** The accepted rows, by the lean schema and the rules by hand. */
export function leanClean(rows: Iterable<unknown>): (Lean & { flags: string })[] {
  const kept: (Lean & { flags: string })[] = [];
  for (const row of rows) {
    const parsed = lean.safeParse(row);
    const finished = parsed.success ? finish(parsed.data) : null;
    if (finished !== null) kept.push(finished);
  }
  return kept;
}

/** The accepted rows, by the natural schema alone. */
export function naturalClean(rows: Iterable<unknown>): unknown[] {
  const kept: unknown[] = [];
  for (const row of rows) {
    const parsed = natural.safeParse(row);
    if (parsed.success) kept.push(parsed.data);
  }
  return kept;
}

type State = readonly unknown[];
/** A row of OpenSky's arrays as an object, which both schemas require. */
export const objectOf = (s: State): Record<string, unknown> => ({
  icao24: s[0],
  callsign: s[1],
  origin_country: s[2],
  time_position: s[3],
  last_contact: s[4],
  longitude: s[5],
  latitude: s[6],
  baro_altitude: s[7],
  on_ground: s[8],
  velocity: s[9],
  true_track: s[10],
  vertical_rate: s[11],
  geo_altitude: s[13],
  squawk: s[14],
  spi: s[15],
  position_source: s[16],
  category: s[17],
});
