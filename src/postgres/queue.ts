import type pg from "pg";
import { UnavailableError } from "../flow/errors.ts";
import type { Queue } from "../flow/ports.ts";
import { CHANNELS } from "./channels.ts";
import { listener } from "./listener.ts";
import { query, transaction } from "./transaction.ts";

const POLL_MS = 1_000;
/** The back-off doubles from one second up to this. */
const MAX_BACKOFF_S = 60;

/**
 * The `Queue` port on a table. A consumer locks the row of a message while its handler runs. If the process dies, PostgreSQL
 * frees the lock with the connection, and the message is redelivered. After `attempts` failures it is a dead letter.
 */
export function postgresQueue(
  pool: pg.Pool,
  { name, attempts = 10, connection }: { name: string; attempts?: number; connection: pg.ClientConfig },
): Queue & { close(): Promise<void> } {
  const wake = listener(connection, CHANNELS.arrivals);
  return {
    async send(message) {
      await query(
        pool,
        `with sent as (insert into arrivals (queue, message) values ($1, $2)) select pg_notify('${CHANNELS.arrivals}', $1)`,
        [name, message],
      );
    },
    async consume(handle, { signal, concurrency = 1 }) {
      const worker = async (): Promise<void> => {
        while (!signal.aborted) {
          const isHandled = await handleNext(pool, { name, attempts }, handle).catch(noneWhenUnavailable);
          if (!isHandled && !signal.aborted) await wake.next(POLL_MS, signal);
        }
      };
      await Promise.all(Array.from({ length: concurrency }, worker));
    },
    async depth() {
      const rows = await query<{ waiting: number; dead: number }>(
        pool,
        `select count(*) filter (where not is_dead)::int as waiting, count(*) filter (where is_dead)::int as dead
         from arrivals where queue = $1`,
        [name],
      );
      return rows[0] ?? { waiting: 0, dead: 0 };
    },
    async redrive() {
      const rows = await query(
        pool,
        "update arrivals set is_dead = false, attempts = 0, ready_at = now() where queue = $1 and is_dead returning id",
        [name],
      );
      return rows.length;
    },
    close: () => wake.close(),
  };
}

/** While the server is unavailable, no message is ready: the consumer polls until it is back. */
function noneWhenUnavailable(error: unknown): false {
  if (error instanceof UnavailableError) return false;
  throw error;
}

/** Handles one message that is ready. Returns false if there is none. */
function handleNext(
  pool: pg.Pool,
  queue: { name: string; attempts: number },
  handle: (message: string) => Promise<unknown>,
): Promise<boolean> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string; message: string; attempts: number }>(
      `select id, message, attempts from arrivals where queue = $1 and not is_dead and ready_at <= now()
       order by ready_at, id limit 1 for update skip locked`,
      [queue.name],
    );
    const [row] = rows;
    if (row === undefined) return false;
    try {
      await handle(row.message);
    } catch (error) {
      const attempts = row.attempts + 1;
      await client.query(
        `update arrivals set attempts = $2, is_dead = $3, last_error = $4,
           ready_at = now() + least(2 ^ ($2 - 1), ${MAX_BACKOFF_S}) * interval '1 second' where id = $1`,
        [row.id, attempts, attempts >= queue.attempts, error instanceof Error ? error.message : String(error)],
      );
      return true;
    }
    await client.query("delete from arrivals where id = $1", [row.id]);
    return true;
  });
}
