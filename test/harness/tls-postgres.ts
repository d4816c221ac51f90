import { chownSync, statSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { startPostgres } from "../../src/postgres/embedded/server.ts";
import { makeCertificate } from "./certificate.ts";
import { freePort } from "./free-port.ts";

/** A separate PostgreSQL server with TLS on a port of 127.0.0.1. */
export interface TlsPostgres {
  port: number;
  /** File of the server's self-signed certificate. */
  ca: string;
  /** URL for TCP, with the password of the owner. */
  dsn: string;
  /** Runs one statement as the owner, over the socket. Resolves to its rows. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export async function startTlsPostgres(data: string): Promise<TlsPostgres> {
  const port = await freePort();
  const server = await startPostgres({ data, port });
  const query = (sql: string) => queryOnce(server.connection, sql);
  const [row] = await query("show data_directory");
  const folder = String(row?.["data_directory"]);
  const files = { key: path.join(folder, "tls.key"), cert: path.join(folder, "tls.crt") };
  makeCertificate(files);
  // PostgreSQL requires that its own user owns the key
  for (const file of Object.values(files)) chownSync(file, statSync(folder).uid, -1);
  for (const setting of ["ssl_cert_file = 'tls.crt'", "ssl_key_file = 'tls.key'", "ssl = on"])
    await query(`alter system set ${setting}`);
  await query("select pg_reload_conf()");
  return { port, ca: files.cert, dsn: server.dsn ?? "", query, stop: server.stop };
}

/** Runs one statement over a new connection. Resolves to its rows. */
export async function queryOnce(config: pg.ClientConfig, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
