import { expect, onTestFinished, test } from "vitest";
import { freshDatabase } from "../../test/harness/fresh-database.ts";
import { listener } from "./listener.ts";
import { query } from "./transaction.ts";

test("reports when it listens, at first and after a reconnection, and passes on later notifications", async () => {
  const { pool, connection, drop } = await freshDatabase();
  onTestFinished(drop);
  const payloads: string[] = [];
  let starts = 0;
  const listening = listener(connection, "test_channel", {
    onNotification: (payload) => void payloads.push(payload),
    onListening: () => void starts++,
  });
  await expect.poll(() => starts).toBe(1);
  const broken = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query = 'listen test_channel'`;
  expect(await query(pool, broken)).toHaveLength(1);
  await expect.poll(() => starts).toBe(2);
  await query(pool, "select pg_notify('test_channel', 'now')");
  await expect.poll(() => payloads).toEqual(["now"]);
  await listening.close();
});
