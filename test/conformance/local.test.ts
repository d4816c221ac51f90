import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileStore } from "../../src/files/file-store.ts";
import { manifests } from "../../src/flow/ledger/manifests.ts";
import type { DatabasePorts } from "../../src/flow/ports.ts";
import { postgresCheckpoints } from "../../src/postgres/checkpoints.ts";
import { postgresDatabase } from "../../src/postgres/database.ts";
import { postgresQueue } from "../../src/postgres/queue.ts";
import { postgresStream } from "../../src/postgres/stream.ts";
import { query } from "../../src/postgres/transaction.ts";
import { goodRow } from "../harness/bodies.ts";
import { freshDatabase, type FreshDatabase } from "../harness/fresh-database.ts";
import { temporaryFolder } from "../harness/product.ts";
import { checkpointLaws } from "./checkpoints.ts";
import { databaseLaws } from "./database.ts";
import { objectStoreLaws } from "./object-store.ts";
import { queueLaws } from "./queue.ts";
import { streamLaws } from "./stream.ts";
import { batchWrite } from "./writes.ts";

let fresh: FreshDatabase;
async function database(): Promise<FreshDatabase> {
  const created = await freshDatabase();
  fresh = created;
  onTestFinished(() => created.drop());
  return created;
}
/** Ends the connections that match a condition on `pg_stat_activity`. */
const killBackends = async (condition: string): Promise<void> => {
  await query(
    fresh.pool,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
  );
};

objectStoreLaws("the file store", async () => {
  const folder = await temporaryFolder();
  return {
    ...fileStore(folder),
    async leave(name) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), "x");
    },
  };
});

queueLaws("PostgreSQL", {
  async make() {
    const { pool, connection } = await database();
    const queue = postgresQueue(pool, { name: "arrivals", connection });
    onTestFinished(() => queue.close());
    return queue;
  },
  killHolders: () => killBackends("state = 'idle in transaction'"),
  attempts: 10,
  skipBackoff: async () => void (await query(fresh.pool, "update arrivals set ready_at = now()").catch(() => [])),
});

streamLaws("PostgreSQL", async () => {
  const { pool, connection } = await database();
  const stream = await postgresStream(pool, { name: "test", shards: 3, connection });
  onTestFinished(() => stream.close());
  return stream;
});

checkpointLaws("PostgreSQL", {
  make: async () => postgresCheckpoints((await database()).connection, "test"),
  killSessions: () => killBackends("true"),
});

const postgres = async (): Promise<DatabasePorts> => postgresDatabase((await database()).pool, { retention_days: 7 });
databaseLaws("PostgreSQL", postgres);

databaseLaws("manifests", async () => manifests(fileStore(await temporaryFolder())), { files_only: true });

test.each([
  ["a row is deleted", "delete from state_vectors where icao24 = '3c6444'"],
  ["a batch is deleted from the ledger", "delete from batches"],
  ["a count is doubled", "update batches set accepted = accepted * 2"],
  ["rows are in an unknown batch", "update state_vectors set batch_id = 'unknown'"],
])("the totals list unbalanced batches when %s", async (_, damage) => {
  const { sink, ledger } = await postgres();
  await sink.apply(batchWrite("b1", [{ id: "s1", rows: [goodRow(), goodRow({ icao24: "3c6445" })] }]));
  expect((await ledger.totals({ since: 0 })).flows.stream.unbalanced).toEqual([]);
  await query(fresh.pool, damage);
  const { request, stream } = (await ledger.totals({ since: 0 })).flows;
  expect([...request.unbalanced, ...stream.unbalanced].length).toBeGreaterThan(0);
});
