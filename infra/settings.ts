/** What a deployment is made of. */
export interface Settings {
  /** Of the deployment: its stacks, tables and stream begin with it. */
  name: string;
  engine: "glue" | "lambda";
  database: "none" | "dynamodb" | "postgres" | "both";
  stream: "on-demand" | { shards: number; maxShards: number };
  auth: "iam" | "apiKey";
  poller: "opensky" | "adsblol" | null;
  /** What the source is asked for: `south,west,north,east` of OpenSky, `latitude,longitude,nautical miles` of adsb.lol. */
  area: string | null;
  lake: "parquet" | "ndjson";
  retentionDays: RetentionDays;
  alarmEmail: string | null;
  glueVersion: "6.0" | "5.1";
  /** Makes the role by which API Gateway writes logs, one for the account and region; false where there is one. */
  accountRole: boolean;
  /** A firewall before the API: limits the requests of one address, and refuses addresses of ill repute. */
  firewall: boolean;
}
/** Days after which each kind of data goes. */
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

/** A setting that is not as allowed; names setting, value and rule. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

const usual: Settings = {
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

const refuse = (name: string, value: unknown, words: string): never => {
  throw new SettingsError(`the setting ${name} is ${JSON.stringify(value)}, allowed is ${words}`);
};
const isCount = (value: unknown, most: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;

const words: Partial<Record<keyof Settings, readonly unknown[]>> = {
  engine: ["glue", "lambda"],
  database: ["none", "dynamodb", "postgres", "both"],
  auth: ["iam", "apiKey"],
  poller: ["opensky", "adsblol", null],
  lake: ["parquet", "ndjson"],
  glueVersion: ["6.0", "5.1"],
  accountRole: [true, false],
  firewall: [true, false],
};

/** Settings over the usual ones, each checked. Throws `SettingsError`. */
export function readSettings(given: Readonly<Record<string, unknown>>): Settings {
  for (const name of Object.keys(given))
    if (!(name in usual)) refuse(name, given[name], `one of these settings: ${Object.keys(usual).join(", ")}`);
  for (const [name, allowed] of Object.entries(words))
    if (name in given && !allowed.includes(given[name]))
      refuse(name, given[name], allowed.map((one) => JSON.stringify(one)).join(" or "));
  const settings = { ...usual, ...given };
  if (!/^[a-z][a-z0-9-]{0,20}$/.test(settings.name)) refuse("name", settings.name, "^[a-z][a-z0-9-]{0,20}$");
  const { alarmEmail } = settings;
  if (alarmEmail !== null && !/^[^@\s]+@[^@\s]+$/.test(alarmEmail))
    refuse("alarmEmail", alarmEmail, "an address or null");
  const numbers = settings.poller === "opensky" ? 4 : settings.poller === "adsblol" ? 3 : 0;
  if (
    settings.area !== null &&
    (numbers === 0 || !new RegExp(`^-?[0-9.]+(,-?[0-9.]+){${numbers - 1}}$`).test(settings.area))
  )
    refuse("area", settings.area, "south,west,north,east for opensky, latitude,longitude,miles for adsblol, or null");
  return { ...settings, stream: streamOf(settings.stream), retentionDays: daysOf(settings.retentionDays) };
}

function streamOf(stream: unknown): Settings["stream"] {
  if (stream === "on-demand") return stream;
  const { shards, maxShards } = (stream ?? {}) as Record<string, unknown>;
  if (isCount(shards, 500) && isCount(maxShards, 500) && shards <= maxShards) return { shards, maxShards };
  return refuse("stream", stream, '"on-demand" or {"shards":n,"maxShards":m} with 1 <= n <= m <= 500');
}

function daysOf(given: Partial<Record<keyof RetentionDays, unknown>>): RetentionDays {
  const days = { ...usual.retentionDays, ...given };
  for (const [name, value] of Object.entries(days)) {
    if (!(name in usual.retentionDays))
      refuse(`retentionDays.${name}`, value, Object.keys(usual.retentionDays).join(", "));
    if (!isCount(value, 3_650)) refuse(`retentionDays.${name}`, value, "a number of days from 1 to 3650");
  }
  if (![7, 30, 90, 365].includes(Number(days.logs))) refuse("retentionDays.logs", days.logs, "7, 30, 90 or 365");
  // a body that outlives its clean file would be cleaned again, every hour; a clean file is counted beside its rejections
  if (Number(days.raw) > Number(days.clean)) refuse("retentionDays.raw", days.raw, "at most retentionDays.clean");
  if (Number(days.clean) > Number(days.rejected))
    refuse("retentionDays.clean", days.clean, "at most retentionDays.rejected");
  return days as RetentionDays;
}
