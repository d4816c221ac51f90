/** The settings of a deployment, in flightline.settings.json. docs/operations.md explains them for operators. */
export interface Settings {
  /** The deployment's name. The names of its stacks, tables and stream begin with it. */
  name: string;
  engine: "glue" | "lambda";
  database: "none" | "dynamodb" | "postgres" | "both";
  stream: "on-demand" | { shards: number; maxShards: number };
  auth: "iam" | "apiKey";
  poller: "opensky" | "adsblol" | null;
  /**
   * The area that the poller requests: `south,west,north,east` in degrees for OpenSky, `latitude,longitude,radius` in degrees
   * and nautical miles for adsb.lol. Null: the source's default.
   */
  area: string | null;
  lake: "parquet" | "ndjson";
  retentionDays: RetentionDays;
  alarmEmail: string | null;
  glueVersion: "6.0" | "5.1";
  /** Creates the role with which API Gateway writes logs. An account has one such role in a region. False if it exists. */
  accountRole: boolean;
  /** A firewall for the API: a rate limit for each IP address, and AWS's IP reputation list. */
  firewall: boolean;
}
/** Days after which each kind of data is deleted. */
export interface RetentionDays {
  raw: number;
  clean: number;
  rejected: number;
  lake: number;
  rows: number;
  logs: 7 | 30 | 90 | 365;
}

export const usesDynamo = ({ database }: Settings): boolean => database === "dynamodb" || database === "both";
export const usesPostgres = ({ database }: Settings): boolean => database === "postgres" || database === "both";

/** A wrong setting. The message names the setting, its value and the allowed values. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

const defaults: Settings = {
  name: "flightline",
  engine: "lambda",
  database: "dynamodb",
  stream: "on-demand",
  auth: "iam",
  poller: null,
  area: null,
  lake: "parquet",
  retentionDays: { raw: 30, clean: 365, rejected: 365, lake: 3_650, rows: 30, logs: 30 },
  alarmEmail: null,
  glueVersion: "6.0",
  accountRole: true,
  firewall: false,
};

const refuse = (name: string, value: unknown, allowed: string): never => {
  throw new SettingsError(`the setting ${name} is ${JSON.stringify(value)}, allowed is ${allowed}`);
};
const isCount = (value: unknown, max: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max;

const allowedValues: Partial<Record<keyof Settings, readonly unknown[]>> = {
  engine: ["glue", "lambda"],
  database: ["none", "dynamodb", "postgres", "both"],
  auth: ["iam", "apiKey"],
  poller: ["opensky", "adsblol", null],
  lake: ["parquet", "ndjson"],
  glueVersion: ["6.0", "5.1"],
  accountRole: [true, false],
  firewall: [true, false],
};

/** Checks settings, and adds the defaults of those that are missing. Throws `SettingsError`. */
export function readSettings(input: Readonly<Record<string, unknown>>): Settings {
  for (const name of Object.keys(input))
    if (!(name in defaults)) refuse(name, input[name], `one of these settings: ${Object.keys(defaults).join(", ")}`);
  for (const [name, allowed] of Object.entries(allowedValues))
    if (name in input && !allowed.includes(input[name]))
      refuse(name, input[name], allowed.map((value) => JSON.stringify(value)).join(" or "));
  const settings = { ...defaults, ...input };
  if (!/^[a-z][a-z0-9-]{0,20}$/.test(settings.name)) refuse("name", settings.name, "^[a-z][a-z0-9-]{0,20}$");
  const { alarmEmail } = settings;
  if (alarmEmail !== null && !/^[^@\s]+@[^@\s]+$/.test(alarmEmail))
    refuse("alarmEmail", alarmEmail, "a mail address or null");
  const numbers = settings.poller === "opensky" ? 4 : settings.poller === "adsblol" ? 3 : 0;
  if (
    settings.area !== null &&
    (numbers === 0 || !new RegExp(`^-?[0-9.]+(,-?[0-9.]+){${numbers - 1}}$`).test(settings.area))
  )
    refuse(
      "area",
      settings.area,
      "south,west,north,east for opensky, latitude,longitude,nautical miles for adsblol, or null",
    );
  return { ...settings, stream: streamOf(settings.stream), retentionDays: daysOf(settings.retentionDays) };
}

function streamOf(stream: unknown): Settings["stream"] {
  if (stream === "on-demand") return stream;
  const { shards, maxShards } = (stream ?? {}) as Record<string, unknown>;
  if (isCount(shards, 500) && isCount(maxShards, 500) && shards <= maxShards) return { shards, maxShards };
  return refuse("stream", stream, '"on-demand" or {"shards":n,"maxShards":m} with 1 <= n <= m <= 500');
}

function daysOf(input: Partial<Record<keyof RetentionDays, unknown>>): RetentionDays {
  const days = { ...defaults.retentionDays, ...input };
  for (const [name, value] of Object.entries(days)) {
    if (!(name in defaults.retentionDays))
      refuse(`retentionDays.${name}`, value, `one of these names: ${Object.keys(defaults.retentionDays).join(", ")}`);
    if (!isCount(value, 3_650)) refuse(`retentionDays.${name}`, value, "a number of days from 1 to 3650");
  }
  if (![7, 30, 90, 365].includes(Number(days.logs))) refuse("retentionDays.logs", days.logs, "7, 30, 90 or 365");
  // the hourly sweep would clean a body again that outlives its clean file. A clean file is counted together with its rejections
  if (Number(days.raw) > Number(days.clean)) refuse("retentionDays.raw", days.raw, "at most retentionDays.clean");
  if (Number(days.clean) > Number(days.rejected))
    refuse("retentionDays.clean", days.clean, "at most retentionDays.rejected");
  return days as RetentionDays;
}
