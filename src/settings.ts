import { DEFAULT_SOURCE, sourcePattern } from "./flight/identifiers.ts";

/**
 * Every setting that Flightline reads from the environment. This table is the only owner of their names: `readConfig`
 * validates by it, the deployment builds its functions' environments by it (`settingsEnvironment`), and `docs/settings.md` is
 * derived from it by `flightline contract --write .`.
 */
export interface Setting {
  name: `FLIGHTLINE_${string}`;
  /** The value where the variable is unset. Undefined: the setting is optional. */
  default?: string;
  /** The description of the default in the docs, where the default depends on the installation. */
  default_text?: string;
  /** A regular expression for the whole value. */
  pattern: string;
  /** The pattern in words. It completes the sentence "allowed is ...". */
  allowed: string;
  /** Inclusive bounds of a whole number. */
  range?: readonly [min: number, max: number];
  about: string;
  /** Read only by the functions of a deployment on AWS. */
  deployed?: true;
}

const NUMBER = "-?[0-9]+(?:\\.[0-9]+)?";
const NAME = "[a-zA-Z0-9_.-]{1,128}";
const STORE = "postgres|dynamodb:[a-zA-Z0-9_.-]{1,64}";
/** Comma-separated decimal numbers. */
const numbers = (length: number): string => `${NUMBER}(?:,${NUMBER}){${length - 1}}`;

/** A whole number from `min` to `max`. */
const count = (min: number, max: number): Pick<Setting, "pattern" | "allowed" | "range"> => ({
  pattern: "[0-9]+",
  allowed: `a number from ${min} to ${max}`,
  range: [min, max],
});

export const MAX_SHARDS = 500;

export const settings = {
  postgres: {
    name: "FLIGHTLINE_POSTGRES",
    default_text: "embedded",
    pattern: "postgres(?:ql)?://.+",
    allowed: "postgres://USER@HOST/DATABASE",
    about: "the PostgreSQL server, version 15 or later",
  },
  postgres_auth: {
    name: "FLIGHTLINE_POSTGRES_AUTH",
    default: "dsn",
    pattern: "dsn|iam|secret:arn:.+",
    allowed: "dsn, iam or secret:ARN",
    about:
      "how to log in to PostgreSQL: with the user and password of the URL, an IAM token, or a secret. The last two use TLS",
  },
  postgres_ca: {
    name: "FLIGHTLINE_POSTGRES_CA",
    default_text: "Amazon's, with iam or secret",
    pattern: ".+",
    allowed: "the path of a file of certificates",
    about: "the certificate authority of PostgreSQL's certificate, for TLS",
  },
  objects: {
    name: "FLIGHTLINE_OBJECTS",
    default_text: "file:.flightline/objects",
    pattern: "file:.+|s3://[a-z0-9][a-z0-9.-]{2,62}(?:/[A-Za-z0-9._=/-]*)?",
    allowed: "file:FOLDER or s3://BUCKET/PREFIX",
    about: "the object store: a folder or an S3 bucket",
  },
  stream: {
    name: "FLIGHTLINE_STREAM",
    default: "postgres:flightline",
    pattern: `(?:postgres|kinesis):${NAME}`,
    allowed: "postgres:NAME or kinesis:NAME",
    about: "the stream of Flow 2",
  },
  queue: {
    name: "FLIGHTLINE_QUEUE",
    default: "postgres:arrivals",
    pattern: `postgres:${NAME}|sqs:https?://.+`,
    allowed: "postgres:NAME or sqs:https://...",
    about: "the queue that announces clean files. With SQS, the bucket sends the notifications",
  },
  database: {
    name: "FLIGHTLINE_DATABASE",
    default: "postgres",
    pattern: `none|(?:${STORE})(?: (?:${STORE}))?`,
    allowed: "postgres, dynamodb:PREFIX, both separated by a space, or none",
    about: "the databases for rows, in the order in which a batch is applied. none: rows are stored in files only",
  },
  checkpoints: {
    name: "FLIGHTLINE_CHECKPOINTS",
    default: "postgres",
    pattern: STORE,
    allowed: "postgres or dynamodb:PREFIX",
    about: "the store of the consumers' checkpoints",
  },
  lake: {
    name: "FLIGHTLINE_LAKE",
    default: "parquet",
    pattern: "parquet|ndjson",
    allowed: "parquet or ndjson",
    about: "the format of the lake's files",
  },
  shards: {
    name: "FLIGHTLINE_SHARDS",
    default: "4",
    ...count(1, MAX_SHARDS),
    about: "the number of shards of a new local stream, and the smallest number that the scaler sets",
  },
  groups: {
    name: "FLIGHTLINE_GROUPS",
    default: "16",
    ...count(1, 4_096),
    about: "the number of partition keys over which a producer spreads rows",
  },
  source: {
    name: "FLIGHTLINE_SOURCE",
    default: DEFAULT_SOURCE,
    pattern: sourcePattern.replace(/^\^|\$$/g, ""),
    allowed: `a name that matches ${sourcePattern}`,
    about: "the source of stream records that do not name one",
  },
  retention_days: {
    name: "FLIGHTLINE_RETENTION_DAYS",
    default: "7",
    ...count(1, 3_650),
    about: "the number of days for which rows are kept",
  },
  opensky_credentials: {
    name: "FLIGHTLINE_OPENSKY_CREDENTIALS",
    default_text: "anonymous",
    pattern: ".+",
    allowed: 'the path of a JSON file {"clientId","clientSecret"}',
    about: "the file with the credentials of the OpenSky account",
  },
  opensky_box: {
    name: "FLIGHTLINE_OPENSKY_BOX",
    default_text: "the world",
    pattern: numbers(4),
    allowed: "SOUTH,WEST,NORTH,EAST in degrees",
    about: "the area that is requested from OpenSky",
  },
  adsblol_point: {
    name: "FLIGHTLINE_ADSBLOL_POINT",
    default: "50.03,8.57,250",
    pattern: numbers(3),
    allowed: "LATITUDE,LONGITUDE,RADIUS in degrees and nautical miles",
    about: "the area that is requested from adsb.lol",
  },
  api_key: {
    name: "FLIGHTLINE_API_KEY",
    pattern: ".+",
    allowed: "an API key",
    about: "the key that `ingest --url` sends",
  },
  deployment: {
    name: "FLIGHTLINE_DEPLOYMENT",
    default: "flightline",
    pattern: "[a-z][a-z0-9-]{0,20}",
    allowed: "a name that matches ^[a-z][a-z0-9-]{0,20}$",
    about: "the name of the deployment, a dimension of its metrics",
    deployed: true,
  },
  raw_days: {
    name: "FLIGHTLINE_RAW_DAYS",
    default: "30",
    ...count(1, 3_650),
    about: "the number of days for which received bodies are kept",
    deployed: true,
  },
  max_shards: {
    name: "FLIGHTLINE_MAX_SHARDS",
    default: String(MAX_SHARDS),
    ...count(1, MAX_SHARDS),
    about: "the largest number of shards that the scaler sets",
    deployed: true,
  },
  poller: {
    name: "FLIGHTLINE_POLLER",
    default: "opensky",
    pattern: "opensky|adsblol",
    allowed: "opensky or adsblol",
    about: "the source that the poller requests",
    deployed: true,
  },
  opensky_secret: {
    name: "FLIGHTLINE_OPENSKY_SECRET",
    default_text: "anonymous",
    pattern: "arn:.+",
    allowed: "the ARN of a secret",
    about: 'the secret {"clientId","clientSecret"} of the poller\'s OpenSky account',
    deployed: true,
  },
  postgres_role: {
    name: "FLIGHTLINE_POSTGRES_ROLE",
    default: "flightline",
    pattern: "[a-z_][a-z0-9_]{0,62}",
    allowed: "the name of a role",
    about: "the functions' role in PostgreSQL, which the migration creates",
    deployed: true,
  },
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof settings;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables with these prefixes belong to the tests and benchmarks. The product ignores them. */
export const FOREIGN_PREFIXES = ["FLIGHTLINE_TEST_", "FLIGHTLINE_BENCH_"] as const;

/** An environment that sets these settings. Keys with an undefined value are left out. */
export function settingsEnvironment(values: Partial<Record<SettingKey, string | undefined>>): Record<string, string> {
  const entries = Object.entries(values) as [SettingKey, string | undefined][];
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (value === undefined ? [] : [[settings[key].name, value] as const])),
  );
}

/**
 * The value of a setting. Undefined where it is unset and has no default. An empty variable counts as unset, as in most
 * shells and container settings. Validates nothing.
 */
export const settingOf = (env: Environment, key: SettingKey): string | undefined => {
  const { name, default: usual }: Setting = settings[key];
  return env[name] === "" ? usual : (env[name] ?? usual);
};

/** docs/settings.md: the table of all settings. */
export function settingsDocument(): string {
  const rows = Object.values(settings as Record<string, Setting>).map((setting) => {
    const { name, about, allowed, default: usual, default_text } = setting;
    const cells = [
      `\`${name}\``,
      usual === undefined ? (default_text ?? "") : `\`${usual}\``,
      allowed,
      setting.deployed === true ? `${about} (deployment on AWS)` : about,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return `# Settings

Derived from src/settings.ts by \`flightline contract --write .\`.

Flightline reads its settings from the environment once, at start. A wrong value and an unknown name that begins with
\`FLIGHTLINE_\` are errors. Names that begin with ${FOREIGN_PREFIXES.map((prefix) => `\`${prefix}\``).join(" or ")} belong to the tests and benchmarks and are ignored.

| variable | default | allowed | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
