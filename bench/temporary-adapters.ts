import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type pg from "pg";
import { openAdapters, type Adapters } from "../src/server/adapters.ts";

/** The local adapters on an empty data folder with an embedded PostgreSQL. `close` stops PostgreSQL and deletes the folder. */
export async function openTemporaryAdapters(): Promise<{ adapters: Adapters; close(): Promise<void> }> {
  const data = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  const adapters = await openAdapters({ env: {}, data }, { owns: true });
  return {
    adapters,
    async close() {
      await adapters.close();
      rmSync(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The pool of the embedded PostgreSQL. */
export function poolOf({ postgres }: Adapters): pg.Pool {
  if (postgres === undefined) throw new Error("the adapters have no PostgreSQL, but this question measures it");
  return postgres.pool;
}
