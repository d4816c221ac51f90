import path from "node:path";

/** Every setting, read from the environment once, at start. */
export interface Config {
  /** The server behind every `postgres` below; undefined: the embedded one. */
  postgres: string | undefined;
  /** Folder of the object store. */
  objects: string;
  /** Names of the stream and the queue on PostgreSQL. */
  stream: string;
  queue: string;
  lake: "parquet" | "ndjson";
  /** Shards of a local stream when it is first made. */
  shards: number;
  /** Partition keys that a producer spreads rows over. */
  groups: number;
  /** Source of stream records that name none. */
  source: string;
  /** File `{"clientId","clientSecret"}`; without it OpenSky is asked anonymously. */
  opensky_credentials: string | undefined;
  /** deg: south, west, north, east; without it the world. */
  opensky_box: number[] | undefined;
  /** deg, deg, nautical miles: what adsb.lol is asked for. */
  adsblol_point: number[];
}

/** A setting that is not as allowed; names variable, value and rule. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings. `data` is the data folder that defaults lie in. Throws `ConfigError`. */
export function readConfig(env: Environment, data: string): Config {
  // oxlint-disable-next-line max-params -- a line of the table below
  const matched = (name: string, usual: string, rule: RegExp, says: string): string => {
    const value = env[name] ?? usual;
    const found = rule.exec(value)?.[1];
    if (found === undefined) throw new ConfigError(`${name} is ${JSON.stringify(value)}, allowed is ${says}`);
    return found;
  };
  const count = (name: string, usual: number, most: number): number => {
    const found = Number(matched(name, String(usual), /^([0-9]+)$/, `a number from 1 to ${most}`));
    if (found < 1 || found > most) throw new ConfigError(`${name} is ${found}, allowed is a number from 1 to ${most}`);
    return found;
  };
  // oxlint-disable-next-line max-params -- as above
  const numbers = (name: string, usual: string, length: number, says: string): number[] => {
    const rule = new RegExp(`^(-?[0-9.]+(?:,-?[0-9.]+){${length - 1}})$`);
    return matched(name, usual, rule, says).split(",").map(Number);
  };
  matched("FLIGHTLINE_DATABASE", "postgres", /^(postgres)$/, "postgres");
  matched("FLIGHTLINE_CHECKPOINTS", "postgres", /^(postgres)$/, "postgres");
  return {
    postgres:
      env["FLIGHTLINE_POSTGRES"] === undefined
        ? undefined
        : matched("FLIGHTLINE_POSTGRES", "", /^(postgres(?:ql)?:\/\/.+)$/, "postgres://USER@HOST/DATABASE"),
    objects: matched("FLIGHTLINE_OBJECTS", `file:${path.join(data, "objects")}`, /^file:(.+)$/, "file:FOLDER"),
    stream: matched("FLIGHTLINE_STREAM", "postgres:flightline", /^postgres:([a-z0-9_-]{1,64})$/, "postgres:NAME"),
    queue: matched("FLIGHTLINE_QUEUE", "postgres:arrivals", /^postgres:([a-z0-9_-]{1,64})$/, "postgres:NAME"),
    lake: matched("FLIGHTLINE_LAKE", "parquet", /^(parquet|ndjson)$/, "parquet or ndjson") as "parquet" | "ndjson",
    shards: count("FLIGHTLINE_SHARDS", 4, 256),
    groups: count("FLIGHTLINE_GROUPS", 16, 4096),
    source: matched(
      "FLIGHTLINE_SOURCE",
      "opensky",
      /^([a-z0-9][a-z0-9_-]{0,31})$/,
      "what a source may be called: ^[a-z0-9][a-z0-9_-]{0,31}$",
    ),
    opensky_credentials: env["FLIGHTLINE_OPENSKY_CREDENTIALS"],
    opensky_box:
      env["FLIGHTLINE_OPENSKY_BOX"] === undefined
        ? undefined
        : numbers("FLIGHTLINE_OPENSKY_BOX", "", 4, "SOUTH,WEST,NORTH,EAST in degrees"),
    adsblol_point: numbers(
      "FLIGHTLINE_ADSBLOL_POINT",
      "50.03,8.57,250",
      3,
      "LATITUDE,LONGITUDE,RADIUS in degrees and nautical miles",
    ),
  };
}
