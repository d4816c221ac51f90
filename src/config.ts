import path from "node:path";
import { FOREIGN_PREFIXES, settings, type Environment, type Setting, type SettingKey } from "./settings.ts";

/** Every setting, read from the environment once, at start. */
export interface Config {
  /** The server behind every `postgres` below; undefined: the embedded one. */
  postgres: string | undefined;
  /** How PostgreSQL lets us in; `iam` and `secret` go over TLS with Amazon's certificates. */
  postgres_auth: PostgresAuth;
  /** File of the certificate authority that PostgreSQL's certificate must come from. */
  postgres_ca: string | undefined;
  objects: { kind: "file"; folder: string } | { kind: "s3"; bucket: string; prefix: string };
  stream: { kind: "postgres" | "kinesis"; name: string };
  queue: { kind: "postgres"; name: string } | { kind: "sqs"; url: string };
  /** In the order in which a batch is applied; none: files alone. */
  databases: readonly Store[];
  checkpoints: Store;
  lake: "parquet" | "ndjson";
  /** Shards of a local stream when it is first made. */
  shards: number;
  /** Partition keys that a producer spreads rows over. */
  groups: number;
  /** Source of stream records that name none. */
  source: string;
  /** Days that rows are kept. */
  retention_days: number;
  /** File `{"clientId","clientSecret"}`; without it OpenSky is asked anonymously. */
  opensky_credentials: string | undefined;
  /** deg: south, west, north, east; without it the world. */
  opensky_box: number[] | undefined;
  /** deg, deg, nautical miles: what adsb.lol is asked for. */
  adsblol_point: number[];
  /** The key that `ingest --url` sends. */
  api_key: string | undefined;
  deployed: Deployed;
}
/** What the functions of a deployment are told beside. */
export interface Deployed {
  /** Name of the deployment, by which its metrics are told from others. */
  name: string;
  /** Days that bodies are kept as they were received. */
  raw_days: number;
  /** The most shards that the scaler sets; `shards` is the least. */
  max_shards: number;
  poll: "opensky" | "adsblol";
  /** ARN of the secret `{"clientId","clientSecret"}`; without it OpenSky is asked anonymously. */
  opensky_secret: string | undefined;
  /** The functions' role in PostgreSQL, which the migration makes. */
  postgres_role: string;
}
export type Store = { kind: "postgres" } | { kind: "dynamodb"; prefix: string };
export type PostgresAuth = { kind: "dsn" } | { kind: "iam" } | { kind: "secret"; arn: string };

/** A setting that is not as allowed; names variable, value and rule. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** Reads the settings. `data` is the data folder, which defaults refer to. Throws `ConfigError`. */
export function readConfig(env: Environment, data: string): Config {
  refuseUnknown(env);
  const read = settingReader(env);
  return {
    postgres: read.optional("postgres"),
    postgres_auth: authOf(read.text("postgres_auth")),
    postgres_ca: read.optional("postgres_ca"),
    objects: objectsOf(read.optional("objects") ?? `file:${path.join(data, "objects")}`),
    stream: named(read.text("stream")),
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
      poll: read.text("poll") as Deployed["poll"],
      opensky_secret: read.optional("opensky_secret"),
      postgres_role: read.text("postgres_role"),
    },
  };
}

/** A misspelled name would leave the default in force without a word. */
function refuseUnknown(env: Environment): void {
  const known = new Set<string>(Object.values(settings).map(({ name }) => name));
  const isForeign = (name: string): boolean => FOREIGN_PREFIXES.some((prefix) => name.startsWith(prefix));
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith("FLIGHTLINE_") && !known.has(name) && !isForeign(name),
  );
  if (unknown.length > 0)
    throw new ConfigError(`unknown setting ${unknown.join(", ")}; allowed are ${[...known].join(", ")}`);
}

function settingReader(env: Environment) {
  const optional = (key: SettingKey): string | undefined => {
    const { name, pattern, allowed, default: usual }: Setting = settings[key];
    const value = env[name] ?? usual;
    if (value === undefined || new RegExp(`^(?:${pattern})$`).test(value)) return value;
    throw new ConfigError(`${name} is ${JSON.stringify(value)}, allowed is ${allowed}`);
  };
  const text = (key: SettingKey): string => {
    const value = optional(key);
    if (value === undefined) throw new Error(`the setting ${settings[key].name} has no default`);
    return value;
  };
  const count = (key: SettingKey): number => {
    const { name, allowed, range: [min, max] = [-Infinity, Infinity] }: Setting = settings[key];
    const value = Number(text(key));
    if (value < min || value > max) throw new ConfigError(`${name} is ${value}, allowed is ${allowed}`);
    return value;
  };
  return { optional, text, count };
}

const after = (value: string): string => value.slice(value.indexOf(":") + 1);

const named = (value: string): Config["stream"] => ({
  kind: value.startsWith("kinesis:") ? "kinesis" : "postgres",
  name: after(value),
});
const storeOf = (value: string): Store =>
  value === "postgres" ? { kind: "postgres" } : { kind: "dynamodb", prefix: after(value) };
const queueOf = (value: string): Config["queue"] =>
  value.startsWith("sqs:") ? { kind: "sqs", url: after(value) } : { kind: "postgres", name: after(value) };
const authOf = (value: string): PostgresAuth =>
  value.startsWith("secret:") ? { kind: "secret", arn: after(value) } : { kind: value as "dsn" | "iam" };

function objectsOf(value: string): Config["objects"] {
  if (value.startsWith("file:")) return { kind: "file", folder: after(value) };
  const [bucket = "", ...prefix] = value.slice("s3://".length).split("/");
  return { kind: "s3", bucket, prefix: prefix.join("/").replace(/\/$/, "") };
}
