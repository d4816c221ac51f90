import { expect, onTestFinished, test } from "vitest";
import { listener } from "./listener.ts";
import { query } from "./transaction.ts";
import { freshDatabase } from "../../test/harness/fresh-database.ts";

test("tells when it listens, at first and after its connection broke, and hears what is told from then on", async () => {
  const { pool, connection, drop } = await freshDatabase();
  onTestFinished(drop);
  const heard: string[] = [];
  let listening = 0;
  const one = listener(connection, "test_channel", {
    message: (payload) => void heard.push(payload),
    listening: () => void listening++,
  });
  await expect.poll(() => listening).toBe(1);
  const broken = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query = 'listen test_channel'`;
  expect(await query(pool, broken)).toHaveLength(1);
  await expect.poll(() => listening).toBe(2);
  await query(pool, "select pg_notify('test_channel', 'now')");
  await expect.poll(() => heard).toEqual(["now"]);
  await one.close();
});
