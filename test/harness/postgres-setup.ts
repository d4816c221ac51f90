import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startPostgres } from "../../src/postgres/embedded/server.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { certificate } from "./aws/tools.ts";
import { newPool } from "../../src/postgres/transaction.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The tests' PostgreSQL: the embedded one, in a folder of its own. */
    postgres: { host: string; port: number; user: string; database: string };
  }
}

/**
 * Builds what the end-to-end tests start, and one server for all test files: each test takes a database of its own from
 * the migrated one (`freshDatabase`). What is temporary, the tests' and their tools', lies in one folder and goes with it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // the workers begin after this, and Node reads it at their start
  if (existsSync(certificate.cert)) process.env["NODE_EXTRA_CA_CERTS"] = certificate.cert;
  execFileSync("npm", ["run", "build", "--silent"], { stdio: "inherit" });
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-test-"));
  // for root's tests PostgreSQL runs as another user, who has to pass
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
