import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "../../test/harness/certificate.ts";
import { temporaryFolder } from "../../test/harness/product.ts";
import { queryOnce, startTlsPostgres } from "../../test/harness/tls-postgres.ts";
import { readConfig } from "../config.ts";
import { rdsConnection } from "./rds.ts";

test("a connection uses TLS, and fails when another authority signed the server's certificate", async () => {
  const data = await temporaryFolder();
  const server = await startTlsPostgres(data);
  onTestFinished(() => server.stop());
  const connectionWith = (FLIGHTLINE_POSTGRES_CA: string) =>
    rdsConnection(readConfig({ FLIGHTLINE_POSTGRES: server.dsn, FLIGHTLINE_POSTGRES_CA }, data));
  const encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
  expect(await queryOnce(connectionWith(server.ca), encrypted)).toEqual([{ ssl: true }]);
  const folder = await temporaryFolder();
  const other = { key: path.join(folder, "tls.key"), cert: path.join(folder, "tls.crt") };
  makeCertificate(other);
  await expect(queryOnce(connectionWith(other.cert), encrypted)).rejects.toThrow(/certificate/);
});
