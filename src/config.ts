import path from "node:path";

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

export type Environment = Readonly<Record<string, string | undefined>>;

const NAME = "[a-zA-Z0-9_.-]{1,128}";
const MOST_SHARDS = 500;
const STORE = `postgres|dynamodb:[a-zA-Z0-9_.-]{1,64}`;

/** Reads the settings. `data` is the data folder that defaults lie in. Throws `ConfigError`. */
export function readConfig(env: Environment, data: string): Config {
  const read = settingReader(env);
  return {
    postgres: read.optional("FLIGHTLINE_POSTGRES", ["postgres(?:ql)?://.+", "postgres://USER@HOST/DATABASE"]),
    postgres_auth: authOf(
      read.text("FLIGHTLINE_POSTGRES_AUTH", "dsn", ["dsn|iam|secret:arn:.+", "dsn, iam or secret:ARN"]),
    ),
    postgres_ca: env["FLIGHTLINE_POSTGRES_CA"],
    ...adaptersOf(read, data),
    lake: read.text("FLIGHTLINE_LAKE", "parquet", ["parquet|ndjson", "parquet or ndjson"]) as Config["lake"],
    shards: read.count("FLIGHTLINE_SHARDS", 4, MOST_SHARDS),
    groups: read.count("FLIGHTLINE_GROUPS", 16, 4096),
    retention_days: read.count("FLIGHTLINE_RETENTION_DAYS", 7, 3_650),
    source: read.text("FLIGHTLINE_SOURCE", "opensky", [
      "[a-z0-9][a-z0-9_-]{0,31}",
      "what a source may be called: ^[a-z0-9][a-z0-9_-]{0,31}$",
    ]),
    opensky_credentials: env["FLIGHTLINE_OPENSKY_CREDENTIALS"],
    opensky_box: read
      .optional("FLIGHTLINE_OPENSKY_BOX", [numbers(4), "SOUTH,WEST,NORTH,EAST in degrees"])
      ?.split(",")
      .map(Number),
    adsblol_point: read
      .text("FLIGHTLINE_ADSBLOL_POINT", "50.03,8.57,250", [
        numbers(3),
        "LATITUDE,LONGITUDE,RADIUS in degrees and nautical miles",
      ])
      .split(",")
      .map(Number),
    deployed: deployedOf(read),
  };
}

function deployedOf(read: Reader): Deployed {
  return {
    name: read.text("FLIGHTLINE_DEPLOYMENT", "flightline", ["[a-z][a-z0-9-]{0,20}", "^[a-z][a-z0-9-]{0,20}$"]),
    raw_days: read.count("FLIGHTLINE_RAW_DAYS", 30, 3_650),
    max_shards: read.count("FLIGHTLINE_MAX_SHARDS", MOST_SHARDS, MOST_SHARDS),
    poll: read.text("FLIGHTLINE_POLL", "opensky", ["opensky|adsblol", "opensky or adsblol"]) as Deployed["poll"],
    opensky_secret: read.optional("FLIGHTLINE_OPENSKY_SECRET", ["arn:.+", "the ARN of a secret"]),
    postgres_role: read.text("FLIGHTLINE_POSTGRES_ROLE", "flightline", ["[a-z_][a-z0-9_]{0,62}", "a role's name"]),
  };
}

type Reader = ReturnType<typeof settingReader>;

/** Which adapter stands behind each port. */
function adaptersOf(
  read: Reader,
  data: string,
): Pick<Config, "objects" | "stream" | "queue" | "databases" | "checkpoints"> {
  const stores = read.text("FLIGHTLINE_DATABASE", "postgres", [
    `none|(?:${STORE})(?: (?:${STORE}))?`,
    "postgres, dynamodb:PREFIX, both separated by a space, or none",
  ]);
  return {
    objects: objectsOf(
      read.text("FLIGHTLINE_OBJECTS", `file:${path.join(data, "objects")}`, [
        "file:.+|s3://[a-z0-9][a-z0-9.-]{2,62}(?:/[A-Za-z0-9._=/-]*)?",
        "file:FOLDER or s3://BUCKET/PREFIX",
      ]),
    ),
    stream: named(
      read.text("FLIGHTLINE_STREAM", "postgres:flightline", [
        `(?:postgres|kinesis):${NAME}`,
        "postgres:NAME or kinesis:NAME",
      ]),
    ),
    queue: queueOf(
      read.text("FLIGHTLINE_QUEUE", "postgres:arrivals", [
        `postgres:${NAME}|sqs:https?://.+`,
        "postgres:NAME or sqs:https://...",
      ]),
    ),
    databases: stores === "none" ? [] : stores.split(" ").map(storeOf),
    checkpoints: storeOf(read.text("FLIGHTLINE_CHECKPOINTS", "postgres", [STORE, "postgres or dynamodb:PREFIX"])),
  };
}

/** A pattern for the whole value, and the same in words. */
type Allowed = readonly [pattern: string, words: string];

function settingReader(env: Environment) {
  const text = (name: string, usual: string, [pattern, words]: Allowed): string => {
    const value = env[name] ?? usual;
    if (new RegExp(`^(?:${pattern})$`).test(value)) return value;
    throw new ConfigError(`${name} is ${JSON.stringify(value)}, allowed is ${words}`);
  };
  return {
    text,
    optional: (name: string, allowed: Allowed): string | undefined =>
      env[name] === undefined ? undefined : text(name, "", allowed),
    count(name: string, usual: number, most: number): number {
      const words = `a number from 1 to ${most}`;
      const found = Number(text(name, String(usual), ["[0-9]+", words]));
      if (found < 1 || found > most) throw new ConfigError(`${name} is ${found}, allowed is ${words}`);
      return found;
    },
  };
}

const numbers = (length: number): string => `-?[0-9.]+(?:,-?[0-9.]+){${length - 1}}`;
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
