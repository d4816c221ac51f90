import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startPostgres } from "../src/local/embedded-postgres.ts";
import { migrate } from "../src/local/migrate.ts";
import { certificate } from "./aws/tools.ts";
import { newPool } from "../src/local/transaction.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The tests' PostgreSQL: the embedded one, in a folder of its own. */
    postgres: { host: string; port: number; user: string; database: string };
  }
}

/**
 * Builds what the end-to-end tests start, and one server for all test files: each test takes a database of its own from
 * the migrated one (`freshDatabase`).
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // the workers begin after this, and Node reads it at their start
  if (existsSync(certificate.cert)) process.env["NODE_EXTRA_CA_CERTS"] = certificate.cert;
  execFileSync("npm", ["run", "build", "--silent"], { stdio: "inherit" });
  const data = mkdtempSync(path.join(tmpdir(), "flightline-test-"));
  const server = await startPostgres({ data });
  const pool = newPool(server.connection);
  await migrate(pool);
  await pool.end();
  project.provide("postgres", server.connection);
  return async () => {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  };
}
