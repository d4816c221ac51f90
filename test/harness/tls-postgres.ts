import { chownSync, statSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { startPostgres } from "../../src/postgres/embedded/server.ts";
import { makeCertificate } from "./certificate.ts";
import { freePort } from "./free-port.ts";

/** A server of its own that speaks TLS on a port of 127.0.0.1. */
export interface TlsPostgres {
  port: number;
  /** File of the certificate that it shows, its own authority. */
  ca: string;
  /** Over TCP, with the owner's password. */
  dsn: string;
  /** Rows of one statement, as the owner, over the socket. */
  ask(sql: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export async function startTlsPostgres(data: string): Promise<TlsPostgres> {
  const port = await freePort();
  const server = await startPostgres({ data, port });
  const ask = (sql: string) => askOnce(server.connection, sql);
  const [row] = await ask("show data_directory");
  const folder = String(row?.["data_directory"]);
  const files = { key: path.join(folder, "tls.key"), cert: path.join(folder, "tls.crt") };
  makeCertificate(files);
  // PostgreSQL reads its key as the user that it runs as, and refuses one of another
  for (const file of Object.values(files)) chownSync(file, statSync(folder).uid, -1);
  for (const setting of ["ssl_cert_file = 'tls.crt'", "ssl_key_file = 'tls.key'", "ssl = on"])
    await ask(`alter system set ${setting}`);
  await ask("select pg_reload_conf()");
  return { port, ca: files.cert, dsn: server.dsn ?? "", ask, stop: server.stop };
}

/** The rows of one statement over a connection of its own. */
export async function askOnce(config: pg.ClientConfig, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
