import path from "node:path";
import { FOREIGN_PREFIXES, settingOf, settings, type Environment, type Setting, type SettingKey } from "./settings.ts";

/** All settings. A command reads them from the environment once, at start. */
export interface Config {
  /** URL of the server for every `postgres` below. Undefined: the embedded server. */
  postgres: string | undefined;
  /** How to log in to PostgreSQL. `iam` and `secret` use TLS with Amazon's certificates. */
  postgres_auth: PostgresAuth;
  /** File of the certificate authority that must have issued PostgreSQL's certificate. */
  postgres_ca: string | undefined;
  objects: { kind: "file"; folder: string } | { kind: "s3"; bucket: string; prefix: string };
  stream: { kind: "postgres" | "kinesis"; name: string };
  queue: { kind: "postgres"; name: string } | { kind: "sqs"; url: string };
  /** In the order in which a batch is applied. Empty: rows are stored in files only. */
  databases: readonly Store[];
  checkpoints: Store;
  lake: "parquet" | "ndjson";
  /** Number of shards of a new local stream. */
  shards: number;
  /** Number of partition keys over which a producer spreads rows. */
  groups: number;
  /** Source of stream records that do not name one. */
  source: string;
  /** Days for which rows are kept. */
  retention_days: number;
  /** File `{"clientId","clientSecret"}`. Undefined: requests to OpenSky are anonymous. */
  opensky_credentials: string | undefined;
  /** deg: south, west, north, east. Undefined: the world. */
  opensky_box: number[] | undefined;
  /** Latitude in deg, longitude in deg, radius in nautical miles: the area that is requested from adsb.lol. */
  adsblol_point: number[];
  /** The key that `ingest --url` sends. */
  api_key: string | undefined;
  deployed: Deployed;
}
/** Further settings, for the functions of a deployment on AWS. */
export interface Deployed {
  /** Name of the deployment, a dimension of its metrics. */
  name: string;
  /** Days for which received bodies are kept. */
  raw_days: number;
  /** The largest number of shards that the scaler sets. `shards` is the smallest. */
  max_shards: number;
  poller: "opensky" | "adsblol";
  /** ARN of the secret `{"clientId","clientSecret"}`. Undefined: requests to OpenSky are anonymous. */
  opensky_secret: string | undefined;
  /** The functions' role in PostgreSQL. The migration creates it. */
  postgres_role: string;
}
export type Store = { kind: "postgres" } | { kind: "dynamodb"; prefix: string };
export type PostgresAuth = { kind: "dsn" } | { kind: "iam" } | { kind: "secret"; arn: string };

/** A setting with an invalid value, or an unknown setting. The message contains name, value and rule. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** Reads the settings. `data` is the data folder, in which the default object store is. Throws `ConfigError`. */
export function readConfig(env: Environment, data: string): Config {
  refuseUnknown(env);
  const read = settingReader(env);
  return {
    postgres: read.optional("postgres"),
    postgres_auth: authOf(read.text("postgres_auth")),
    postgres_ca: read.optional("postgres_ca"),
    objects: objectsOf(read.optional("objects") ?? `file:${path.join(data, "objects")}`),
    stream: streamOf(read.text("stream")),
    queue: queueOf(read.text("queue")),
    databases: read.text("database") === "none" ? [] : read.text("database").split(" ").map(storeOf),
    checkpoints: storeOf(read.text("checkpoints")),
    lake: read.text("lake") as Config["lake"],
    shards: read.count("shards"),
    groups: read.count("groups"),
    retention_days: read.count("retention_days"),
    source: read.text("source"),
    opensky_credentials: read.optional("opensky_credentials"),
    opensky_box: read.optional("opensky_box")?.split(",").map(Number),
    adsblol_point: read.text("adsblol_point").split(",").map(Number),
    api_key: read.optional("api_key"),
    deployed: {
      name: read.text("deployment"),
      raw_days: read.count("raw_days"),
      max_shards: read.count("max_shards"),
      poller: read.text("poller") as Deployed["poller"],
      opensky_secret: read.optional("opensky_secret"),
      postgres_role: read.text("postgres_role"),
    },
  };
}

/** Without this check, a misspelled name would silently leave the default in force. */
export function refuseUnknown(env: Environment): void {
  const known = new Set<string>(Object.values(settings).map(({ name }) => name));
  const isForeign = (name: string): boolean => FOREIGN_PREFIXES.some((prefix) => name.startsWith(prefix));
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith("FLIGHTLINE_") && !known.has(name) && !isForeign(name),
  );
  if (unknown.length > 0)
    throw new ConfigError(`unknown setting ${unknown.join(", ")}: docs/settings.md lists the allowed names`);
}

const invalidValue = (name: string, value: string, allowed: string): string =>
  `invalid value ${JSON.stringify(value)} for ${name}: allowed is ${allowed}`;

function settingReader(env: Environment) {
  const optional = (key: SettingKey): string | undefined => {
    const { name, pattern, allowed }: Setting = settings[key];
    const value = settingOf(env, key);
    if (value === undefined || new RegExp(`^(?:${pattern})$`).test(value)) return value;
    throw new ConfigError(invalidValue(name, value, allowed));
  };
  const text = (key: SettingKey): string => {
    const value = optional(key);
    if (value === undefined) throw new Error(`the setting ${settings[key].name} has no default`);
    return value;
  };
  const count = (key: SettingKey): number => {
    const { name, allowed, range: [min, max] = [-Infinity, Infinity] }: Setting = settings[key];
    const value = text(key);
    const number = Number(value);
    if (number < min || number > max) throw new ConfigError(invalidValue(name, value, allowed));
    return number;
  };
  return { optional, text, count };
}

const afterColon = (value: string): string => value.slice(value.indexOf(":") + 1);

const streamOf = (value: string): Config["stream"] => ({
  kind: value.startsWith("kinesis:") ? "kinesis" : "postgres",
  name: afterColon(value),
});
const storeOf = (value: string): Store =>
  value === "postgres" ? { kind: "postgres" } : { kind: "dynamodb", prefix: afterColon(value) };
const queueOf = (value: string): Config["queue"] =>
  value.startsWith("sqs:") ? { kind: "sqs", url: afterColon(value) } : { kind: "postgres", name: afterColon(value) };
const authOf = (value: string): PostgresAuth =>
  value.startsWith("secret:") ? { kind: "secret", arn: afterColon(value) } : { kind: value as "dsn" | "iam" };

function objectsOf(value: string): Config["objects"] {
  if (value.startsWith("file:")) return { kind: "file", folder: afterColon(value) };
  const [bucket = "", ...prefix] = value.slice("s3://".length).split("/");
  return { kind: "s3", bucket, prefix: prefix.join("/").replace(/\/$/, "") };
}
