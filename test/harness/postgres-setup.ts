import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startPostgres } from "../../src/postgres/embedded/server.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { newPool } from "../../src/postgres/transaction.ts";
import { certificate } from "./aws/tools.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The embedded PostgreSQL server of the tests. Its database is the migrated template. */
    postgres: { host: string; port: number; user: string; database: string };
  }
}

/**
 * Builds the product for the end-to-end tests, and starts one PostgreSQL server for all test files. Each test creates its own
 * database from the migrated template (`freshDatabase`). All temporary files of the tests and their tools are in one folder,
 * which is deleted at the end.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Node reads this variable at its start, and the test workers start later
  if (existsSync(certificate.cert)) process.env["NODE_EXTRA_CA_CERTS"] = certificate.cert;
  execFileSync("npm", ["run", "build", "--silent"], { stdio: "inherit" });
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-test-"));
  // if root runs the tests, PostgreSQL runs as another user, which needs access to the folder
  chmodSync(folder, 0o711);
  process.env["TMPDIR"] = folder;
  const server = await startPostgres({ data: path.join(folder, "data") });
  const pool = newPool(server.connection);
  await migrate(pool);
  await pool.end();
  project.provide("postgres", server.connection);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
