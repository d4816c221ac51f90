import pg from "pg";
import { UnavailableError } from "../flow/errors.ts";

/** Deadlock and serialization failure. The transaction had no effect and may be retried at once. */
const RETRIED = new Set(["40P01", "40001"]);
const MAX_TRIES = 5;
/** A silent connection would block without end. A query or transaction that takes longer fails. */
const TIMEOUT_MS = 60_000;

/** Creates a pool. A break of an idle connection does not end the process. */
export function newPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ connectionTimeoutMillis: 5_000, query_timeout: TIMEOUT_MS, keepAlive: true, ...config });
  // without a handler, error 57P01 at a shutdown of the server would end this process. The next query reports the shutdown
  pool.on("error", () => {});
  return pool;
}

/**
 * Runs `work` in one transaction, and retries it after a deadlock. Throws `UnavailableError` if the server cannot be reached
 * or does not answer within a minute. Other errors pass unchanged.
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  begin = "begin",
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once(pool, work, begin);
    } catch (error) {
      if (tries < MAX_TRIES && error instanceof pg.DatabaseError && RETRIED.has(error.code ?? "")) continue;
      throw translateError(error);
    }
  }
}

async function once<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>, begin: string): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on("error", onError);
  const timer = setTimeout(() => {
    broken = new UnavailableError("PostgreSQL did not answer within a minute");
    (client as unknown as { connection: { stream: { destroy(error: Error): void } } }).connection.stream.destroy(
      broken,
    );
  }, TIMEOUT_MS);
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    if (error instanceof pg.DatabaseError && broken === undefined) await client.query("rollback").catch(onError);
    else broken ??= error as Error;
    throw error;
  } finally {
    clearTimeout(timer);
    client.off("error", onError);
    client.release(broken);
  }
}

/** Runs one statement outside a transaction. Errors are those of `transaction`. */
export async function query<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  try {
    return (await pool.query<R>(text, values as unknown[])).rows;
  } catch (error) {
    throw translateError(error);
  }
}

/**
 * Translates into `UnavailableError`: SQLSTATE classes 08 (connection) and 53 (resources), codes 57P (shutdown), and plain
 * errors, which the client and the socket throw. An error with its own name comes from `work` and passes unchanged.
 */
function translateError(error: unknown): unknown {
  if (error instanceof pg.DatabaseError && !/^(08|53|57P)/.test(error.code ?? "")) return error;
  const isConnection = error instanceof Error && ["Error", "error", "AggregateError"].includes(error.name);
  if (!isConnection) return error;
  return new UnavailableError(`PostgreSQL is not available: ${error.message}`, { cause: error });
}
