import { chownSync, statSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { rdsConnection } from "../src/aws/rds.ts";
import { readConfig } from "../src/config.ts";
import { startPostgres } from "../src/local/embedded-postgres.ts";
import { makeCertificate } from "./certificate.ts";
import { freePort } from "./free-port.ts";
import { temporaryFolder } from "./product.ts";

/** A certificate of its own for localhost, which the server's user may read. */
function certify(folder: string, uid?: number): { key: string; cert: string } {
  const files = { key: path.join(folder, "tls.key"), cert: path.join(folder, "tls.crt") };
  makeCertificate(files);
  if (uid !== undefined) for (const file of Object.values(files)) chownSync(file, uid, -1);
  return files;
}

async function ask(config: pg.ClientConfig, sql: string): Promise<unknown[]> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

test("PostgreSQL over TCP is spoken to over TLS alone, and only with a certificate of the right authority", async () => {
  const data = await temporaryFolder();
  const server = await startPostgres({ data, port: await freePort() });
  onTestFinished(() => server.stop());
  const [folder] = (await ask(server.connection, "show data_directory")) as string[];
  const { cert } = certify(folder ?? "", statSync(folder ?? "").uid);
  for (const setting of ["ssl_cert_file = 'tls.crt'", "ssl_key_file = 'tls.key'", "ssl = on"])
    await ask(server.connection, `alter system set ${setting}`);
  await ask(server.connection, "select pg_reload_conf()");
  const FLIGHTLINE_POSTGRES = server.dsn ?? "";
  const over = (FLIGHTLINE_POSTGRES_CA: string) =>
    rdsConnection(readConfig({ FLIGHTLINE_POSTGRES, FLIGHTLINE_POSTGRES_CA }, data));
  const encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
  expect(await ask(over(cert), encrypted)).toEqual([true]);
  const stranger = certify(await temporaryFolder()).cert;
  await expect(ask(over(stranger), encrypted)).rejects.toThrow(/certificate/);
});
